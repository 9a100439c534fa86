import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import jwt from 'jsonwebtoken';

/** Who a token speaks for, and by which session. Siblings rely on these names. */
export interface Claims {
  id: string;
  email: string;
  role: string;
  sid: string;
}

export interface VerifiedToken extends Claims {
  /** Seconds since the epoch. */
  iat: number;
  expired: boolean;
}

export interface TokenOptions {
  /** The private key: EC, P-256. */
  key: KeyObject;
  issuer: string;
  audience: string;
  ttlSeconds: number;
  now: () => Date;
}

/** Signs and verifies JWTs with ES256, following RFC 8725: one algorithm, one key, issuer and audience. */
export class Tokens {
  readonly ttlSeconds: number;
  readonly #publicKey: KeyObject;
  readonly #keyId: string;

  constructor(private readonly options: TokenOptions) {
    this.ttlSeconds = options.ttlSeconds;
    this.#publicKey = createPublicKey(options.key);
    this.#keyId = thumbprint(this.#publicKey);
  }

  sign({ id, email, role, sid }: Claims): string {
    const { key, issuer, audience, ttlSeconds } = this.options;
    const iat = this.#seconds();
    const payload = { id, email, role, sid, iss: issuer, aud: audience, iat, exp: iat + ttlSeconds };
    return jwt.sign(payload, key, { algorithm: 'ES256', keyid: this.#keyId });
  }

  /**
   * The claims of a token that this service signed, expired or not; undefined for every other text.
   * What an expired one is good for is the caller's decision.
   */
  verify(token: string): VerifiedToken | undefined {
    if (!isCanonical(token)) return undefined;
    const { header, payload } = this.#check(token) ?? {};
    if (header?.kid !== this.#keyId || typeof payload !== 'object') return undefined;
    const { id, email, role, sid, iat, exp } = payload as Record<string, unknown>;
    const texts = [id, email, role, sid].every((claim) => typeof claim === 'string');
    if (!texts || typeof iat !== 'number' || typeof exp !== 'number') return undefined;
    return { id, email, role, sid, iat, expired: exp <= this.#seconds() } as VerifiedToken;
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
      // Whatever is wrong with a token, its bearer is nobody: an answer, not a failure.
      return undefined;
    }
  }

  #seconds(): number {
    return Math.floor(this.options.now().getTime() / 1000);
  }
}

// The last character of a signature has bits that the decoder drops: without this, four texts would pass for one.
function isCanonical(token: string): boolean {
  const signature = token.slice(token.lastIndexOf('.') + 1);
  return Buffer.from(signature, 'base64url').toString('base64url') === signature;
}

/** The key's JWK thumbprint (RFC 7638), base64url. */
function thumbprint(publicKey: KeyObject): string {
  const { crv, kty, x, y } = publicKey.export({ format: 'jwk' });
  return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
}
