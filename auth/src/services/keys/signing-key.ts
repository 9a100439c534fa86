import { createHash, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';

/** The public point of a key: EC, P-256. */
export interface PublicPoint {
  x: string;
  y: string;
}

/** A public key in the form of RFC 7517. */
export interface Jwk extends PublicPoint {
  kty: 'EC';
  crv: 'P-256';
  kid: string;
  use: 'sig';
  alg: 'ES256';
}

const curve = { kty: 'EC', crv: 'P-256' } as const;

export const makeSigningKey = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;

export function pointOf(key: KeyObject): PublicPoint {
  const { x = '', y = '' } = (key.type === 'public' ? key : createPublicKey(key)).export({ format: 'jwk' });
  return { x, y };
}

export const publicKeyOf = ({ x, y }: PublicPoint): KeyObject =>
  createPublicKey({ key: { ...curve, x, y }, format: 'jwk' });

export const jwkOf = ({ kid, x, y }: PublicPoint & { kid: string }): Jwk => ({
  ...curve,
  x,
  y,
  kid,
  use: 'sig',
  alg: 'ES256',
});

/** The id of a key, public or private: its JWK thumbprint (RFC 7638), base64url. */
export function kidOf(key: KeyObject): string {
  const { x, y } = pointOf(key);
  return createHash('sha256')
    .update(JSON.stringify({ crv: curve.crv, kty: curve.kty, x, y }))
    .digest('base64url');
}

/** Whether a text can be a key's id. */
export const isKid = (text: unknown): text is string => typeof text === 'string' && /^[\w-]{43}$/.test(text);
