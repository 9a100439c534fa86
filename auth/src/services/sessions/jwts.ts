import jwt from 'jsonwebtoken';
import { DatabaseConnectionError } from '../../errors/database-connection-error';
import type { KeyRing } from '../keys/key-ring';
import { isKid } from '../keys/signing-key';

/** What a JWT says about the user and the session. Sibling services rely on these names. */
export interface Claims {
  id: string;
  email: string;
  role: string;
  sid: string;
  /** The generation of the account (decision 7). */
  gen: number;
}

export interface VerifiedJwt extends Omit<Claims, 'gen'> {
  /** Missing in a JWT that the previous version of this service signed. */
  gen: number | undefined;
  /** Seconds since the epoch. */
  iat: number;
  expired: boolean;
}

export interface JwtOptions {
  keys: Pick<KeyRing, 'publicKey' | 'seek' | 'signer' | 'isSigner'>;
  issuer: string;
  audience: string;
  ttlSeconds: number;
  now: () => Date;
}

type Verified = Omit<VerifiedJwt, 'expired'> & { exp: number; kid: string };

// A JWT has about 500 characters.
const maxRemembered = 10_000;

// A process that is stopped again and again between two lines.
const maxTries = 5;

/** Signs and verifies the JWTs of sessions with ES256 (RFC 8725): one algorithm, one keyring, one issuer and audience. */
export class Jwts {
  readonly ttlSeconds: number;
  /** By the whole text. The oldest is first. */
  readonly #remembered = new Map<string, Verified>();

  constructor(private readonly options: JwtOptions) {
    this.ttlSeconds = options.ttlSeconds;
  }

  /**
   * @throws {DatabaseConnectionError} where the keyring had to be read, and could not be in time
   */
  async sign({ id, email, role, sid, gen }: Claims): Promise<string> {
    const { keys, issuer, audience, ttlSeconds } = this.options;
    for (let tries = 0; tries < maxTries; tries += 1) {
      const { kid, key } = await keys.signer();
      const iat = this.#seconds();
      const payload = { id, email, role, sid, gen, iss: issuer, aud: audience, iat, exp: iat + ttlSeconds };
      const text = jwt.sign(payload, key, { algorithm: 'ES256', keyid: kid });
      // The process may have been stopped for a while since it was asked which key signs.
      if (keys.isSigner(kid)) return text;
    }
    throw new DatabaseConnectionError(new Error('The keyring changes faster than this process can sign'));
  }

  /**
   * Reads the keyring if one of these texts names a key that is not known here: another process may have made it. Returns
   * whether one does.
   * @throws {DatabaseConnectionError}
   */
  async learnKeysOf(tokens: readonly string[]): Promise<boolean> {
    const unknown = tokens.flatMap((token) => this.#unknownKeyOf(token) ?? []);
    if (unknown.length === 0) return false;
    await this.options.keys.seek(unknown);
    return true;
  }

  /**
   * The claims of a JWT that this service signed, expired or not; undefined for any other text, and where the key has been
   * withdrawn. The caller decides whether an expired one is acceptable.
   */
  verify(token: string): VerifiedJwt | undefined {
    const verified = this.#remembered.get(token) ?? this.#verify(token);
    if (!verified) return undefined;
    const { exp, kid, ...claims } = verified;
    if (!this.options.keys.publicKey(kid)) {
      this.#remembered.delete(token);
      return undefined;
    }
    return { ...claims, expired: exp <= this.#seconds() };
  }

  #unknownKeyOf(token: string): string | undefined {
    const kid = this.#remembered.get(token)?.kid ?? kidIn(token);
    return kid === undefined || this.options.keys.publicKey(kid) ? undefined : kid;
  }

  #verify(token: string): Verified | undefined {
    if (!isCanonical(token)) return undefined;
    const kid = kidIn(token);
    const payload = kid && this.#check(token, kid)?.payload;
    if (!kid || typeof payload !== 'object') return undefined;
    const { id, email, role, sid, gen, iat, exp } = payload as Record<string, unknown>;
    const texts = [id, email, role, sid].every((claim) => typeof claim === 'string');
    if (!texts || typeof iat !== 'number' || typeof exp !== 'number') return undefined;
    if (gen !== undefined && typeof gen !== 'number') return undefined;
    const verified = { id, email, role, sid, gen, iat, exp, kid } as Verified;
    this.#remember(token, verified);
    return verified;
  }

  #remember(token: string, verified: Verified): void {
    this.#remembered.set(token, verified);
    if (this.#remembered.size <= maxRemembered) return;
    for (const oldest of this.#remembered.keys()) {
      this.#remembered.delete(oldest);
      break;
    }
  }

  #check(token: string, kid: string): jwt.Jwt | undefined {
    const { issuer, audience, keys } = this.options;
    const key = keys.publicKey(kid);
    if (!key) return undefined;
    try {
      return jwt.verify(token, key, {
        algorithms: ['ES256'],
        issuer,
        audience,
        clockTimestamp: this.#seconds(),
        ignoreExpiration: true,
        complete: true,
      });
    } catch {
      // An invalid JWT means that nobody is signed in. That is an answer, not a failure.
      return undefined;
    }
  }

  #seconds(): number {
    return Math.floor(this.options.now().getTime() / 1000);
  }
}

// Decoders drop the spare bits of the last character, so without this check four texts would be valid for one JWT.
function isCanonical(token: string): boolean {
  const signature = token.slice(token.lastIndexOf('.') + 1);
  return Buffer.from(signature, 'base64url').toString('base64url') === signature;
}

/** The id of the key that a JWT names, if it can be one. */
function kidIn(token: string): string | undefined {
  try {
    const header: unknown = JSON.parse(Buffer.from(token.split('.', 1)[0] ?? '', 'base64url').toString());
    const kid: unknown = typeof header === 'object' && header && 'kid' in header ? header.kid : undefined;
    return isKid(kid) ? kid : undefined;
  } catch {
    // No JWT at all: it names no key.
    return undefined;
  }
}
