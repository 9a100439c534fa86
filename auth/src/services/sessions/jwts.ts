import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import jwt from 'jsonwebtoken';

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
  /** The private key: EC, P-256. */
  key: KeyObject;
  issuer: string;
  audience: string;
  ttlSeconds: number;
  now: () => Date;
}

type Verified = Omit<VerifiedJwt, 'expired'> & { exp: number };

// A JWT has about 500 characters.
const maxRemembered = 10_000;

/** Signs and verifies the JWTs of sessions with ES256 (RFC 8725): one algorithm, one key, one issuer and audience. */
export class Jwts {
  readonly ttlSeconds: number;
  readonly #publicKey: KeyObject;
  readonly #keyId: string;
  /** By the whole text. The oldest is first. */
  readonly #remembered = new Map<string, Verified>();

  constructor(private readonly options: JwtOptions) {
    this.ttlSeconds = options.ttlSeconds;
    this.#publicKey = createPublicKey(options.key);
    this.#keyId = thumbprint(this.#publicKey);
  }

  sign({ id, email, role, sid, gen }: Claims): string {
    const { key, issuer, audience, ttlSeconds } = this.options;
    const iat = this.#seconds();
    const payload = { id, email, role, sid, gen, iss: issuer, aud: audience, iat, exp: iat + ttlSeconds };
    return jwt.sign(payload, key, { algorithm: 'ES256', keyid: this.#keyId });
  }

  /**
   * The claims of a JWT that this service signed, expired or not; undefined for any other text. The caller decides
   * whether an expired one is acceptable.
   */
  verify(token: string): VerifiedJwt | undefined {
    const verified = this.#remembered.get(token) ?? this.#verify(token);
    if (!verified) return undefined;
    const { exp, ...claims } = verified;
    return { ...claims, expired: exp <= this.#seconds() };
  }

  #verify(token: string): Verified | undefined {
    if (!isCanonical(token)) return undefined;
    const { header, payload } = this.#check(token) ?? {};
    if (header?.kid !== this.#keyId || typeof payload !== 'object') return undefined;
    const { id, email, role, sid, gen, iat, exp } = payload as Record<string, unknown>;
    const texts = [id, email, role, sid].every((claim) => typeof claim === 'string');
    if (!texts || typeof iat !== 'number' || typeof exp !== 'number') return undefined;
    if (gen !== undefined && typeof gen !== 'number') return undefined;
    const verified = { id, email, role, sid, gen, iat, exp } as Verified;
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

  #check(token: string): jwt.Jwt | undefined {
    const { issuer, audience } = this.options;
    try {
      return jwt.verify(token, this.#publicKey, {
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

/** The key's JWK thumbprint (RFC 7638), base64url. */
function thumbprint(publicKey: KeyObject): string {
  const { crv, kty, x, y } = publicKey.export({ format: 'jwk' });
  return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
}
