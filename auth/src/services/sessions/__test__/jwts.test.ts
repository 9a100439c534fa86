import { createHmac, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { sessionCookieOf, jwtFrom } from '../../../test/cookies';
import { password, useService } from '../../../test/service';
import { Jwts } from '../jwts';

const service = useService();
let validJwt: string;

beforeAll(async () => {
  const response = await service
    .api()
    .post('/api/users/signup')
    .send({ email: 'token@example.com', password });
  validJwt = jwtFrom(response) ?? '';
});

/** Expects that the service treats a caller with the JWT as not signed in. */
async function expectSignedOut(token: string): Promise<void> {
  const cookie = sessionCookieOf({ jwt: token });
  await service.api().get('/api/users/currentuser').set('Cookie', cookie).expect(200, { currentUser: null });
  await service.api().get('/api/users/sessions').set('Cookie', cookie).expect(401);
}

const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
const headerOf = (token: string): Record<string, unknown> =>
  jwt.decode(token, { complete: true })?.header as never;
const payloadOf = (token: string): Record<string, unknown> => jwt.decode(token) as never;
const publicPem = (): string =>
  createPublicKey(service.key).export({ type: 'spki', format: 'pem' }).toString();

/** The valid JWT with changed claims, signed with the service's own key. */
const resigned = (change: object, drop: string[] = [], header: object = {}): string => {
  const payload = { ...payloadOf(validJwt), ...change };
  for (const name of drop) Reflect.deleteProperty(payload, name);
  return jwt.sign(payload, service.key, {
    algorithm: 'ES256',
    header: { ...headerOf(validJwt), ...header } as never,
    noTimestamp: drop.includes('iat'),
  });
};

const signedWith = (key: KeyObject, header: object): string =>
  jwt.sign(payloadOf(validJwt), key, {
    algorithm: 'ES256',
    header: { ...headerOf(validJwt), ...header } as never,
  });

describe('a JWT', () => {
  it('contains the claims that sibling services rely on, and names its key', () => {
    expect(payloadOf(validJwt)).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{24}$/),
      email: 'token@example.com',
      role: 'user',
      sid: expect.stringMatching(/^[\w-]{22}$/),
      gen: 0,
      iss: 'test-issuer',
      aud: 'ticketing',
      iat: expect.any(Number),
      exp: expect.any(Number),
    });
    expect(headerOf(validJwt)).toEqual({
      alg: 'ES256',
      typ: 'JWT',
      kid: expect.stringMatching(/^[\w-]{43}$/),
    });
    expect(Number(payloadOf(validJwt)['exp']) - Number(payloadOf(validJwt)['iat'])).toBe(900);
  });

  // Shows that the JWTs below are refused because of what is changed in them, not because they are signed again.
  it('is accepted if it is signed again unchanged', async () => {
    const cookie = sessionCookieOf({ jwt: resigned({}) });
    await service.api().get('/api/users/sessions').set('Cookie', cookie).expect(200);
  });

  it('S22 is verified once, by its exact text, and its end is compared each time', () => {
    let now = service.now();
    const keys = service.keyRing;
    const options = { keys, issuer: 'test-issuer', audience: 'ticketing', ttlSeconds: 900 };
    const jwts = new Jwts({ ...options, now: () => now });
    const verify = jest.spyOn(jwt, 'verify');
    for (let n = 0; n < 3; n += 1) expect(jwts.verify(validJwt)).toMatchObject({ expired: false });
    expect(verify).toHaveBeenCalledTimes(1);
    expect(jwts.verify(`${validJwt}=`)).toBeUndefined();
    now = new Date(now.getTime() + 901_000);
    expect(jwts.verify(validJwt)).toMatchObject({ expired: true });
    verify.mockRestore();
  });

  it('S60 is remembered with ten thousand others at most', async () => {
    const options = { keys: service.keyRing, issuer: 'i', audience: 'a', ttlSeconds: 900, now: service.now };
    const jwts = new Jwts(options);
    const first = await jwts.sign({ id: '0', email: '', role: '', sid: '0', gen: 0 });
    // Signing so many would take long.
    const verify = jest
      .spyOn(jwt, 'verify')
      .mockImplementation((token: string) => jwt.decode(token, { complete: true }));
    for (let n = 0; n <= 10_000; n += 1) {
      const [header = '', , signature = ''] = first.split('.');
      const payload = encode({ ...payloadOf(first), sid: String(n) });
      jwts.verify([header, payload, signature].join('.'));
    }
    verify.mockClear();
    jwts.verify(first);
    expect(verify).toHaveBeenCalledTimes(1);
    verify.mockRestore();
  });

  it('S21 is refused with the algorithm none', async () => {
    for (const alg of ['none', 'None', 'NONE', 'nOnE']) {
      const [, payload = ''] = validJwt.split('.');
      await expectSignedOut(`${encode({ ...headerOf(validJwt), alg })}.${payload}.`);
    }
  });

  it('S21 is refused if signed by HMAC with the public key', async () => {
    for (const [alg, hash] of [
      ['HS256', 'sha256'],
      ['HS512', 'sha512'],
    ] as const) {
      const [, payload = ''] = validJwt.split('.');
      const signed = `${encode({ ...headerOf(validJwt), alg })}.${payload}`;
      for (const secret of [publicPem(), publicPem().trim(), '']) {
        await expectSignedOut(`${signed}.${createHmac(hash, secret).update(signed).digest('base64url')}`);
      }
    }
  });

  it('S21 is refused with another algorithm', async () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;
    const header = { kid: headerOf(validJwt)['kid'] } as never;
    await expectSignedOut(jwt.sign(payloadOf(validJwt), rsa, { algorithm: 'RS256', header }));
    await expectSignedOut(jwt.sign(payloadOf(validJwt), rsa, { algorithm: 'PS256', header }));
    await expectSignedOut(jwt.sign(payloadOf(validJwt), p384, { algorithm: 'ES384', header }));
  });

  it('S22 is refused with any byte of any segment flipped', () => {
    expect(service.jwts.verify(validJwt)).toBeDefined();
    const taken: string[] = [];
    for (let at = 0; at < validJwt.length; at += 1) {
      for (const bit of [1, 2, 4, 8, 16, 32, 64]) {
        const flipped = String.fromCharCode(validJwt.charCodeAt(at) ^ bit);
        const token = validJwt.slice(0, at) + flipped + validJwt.slice(at + 1);
        if (service.jwts.verify(token)) taken.push(`${at}:${bit}`);
      }
    }
    expect(taken).toEqual([]);
  });

  it('S22 is refused with a segment missing, doubled or padded', async () => {
    const [header = '', payload = '', signature = ''] = validJwt.split('.');
    for (const token of [
      '',
      '.',
      '...',
      header,
      `${header}.${payload}`,
      `${header}.${payload}.`,
      `${validJwt}.`,
      `${validJwt}.${signature}`,
      `${validJwt}=`,
      ` ${validJwt}`,
      `${validJwt}\n`,
      `.${payload}.${signature}`,
      `${header}..${signature}`,
    ]) {
      await expectSignedOut(token);
    }
  });

  it('S22 is refused if it is expired, not yet valid, or without exp or iat', async () => {
    const now = Math.floor(service.now().getTime() / 1000);
    const expired = sessionCookieOf({ jwt: resigned({ exp: now - 1 }) });
    await service.api().get('/api/users/sessions').set('Cookie', expired).expect(401);
    await expectSignedOut(resigned({ exp: now - 1, sid: 'a-session-that-is-not-there' }));
    await expectSignedOut(resigned({ nbf: now + 60 }));
    await expectSignedOut(resigned({}, ['exp']));
    await expectSignedOut(resigned({}, ['iat']));
  });

  it('S23 is refused if its header contains a key or names an unknown one', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const jwk = publicKey.export({ format: 'jwk' });
    await expectSignedOut(signedWith(privateKey, { jwk }));
    await expectSignedOut(signedWith(privateKey, { jku: 'https://evil.example/jwks.json' }));
    await expectSignedOut(signedWith(privateKey, { x5u: 'https://evil.example/cert.pem' }));
    for (const kid of ['../../dev/null', "' OR 1=1 --", '', 'x'.repeat(500), 0, null, { $gt: '' }, ['a']]) {
      await expectSignedOut(signedWith(privateKey, { kid }));
      // jsonwebtoken itself refuses to sign with a kid that is not a string.
      if (typeof kid === 'string') await expectSignedOut(resigned({}, [], { kid }));
    }
  });

  it('S24 is refused with another issuer or audience, or without one', async () => {
    for (const change of [{ iss: 'https://evil.example' }, { aud: 'another' }, { iss: ['test-issuer'] }]) {
      await expectSignedOut(resigned(change));
    }
    await expectSignedOut(resigned({}, ['iss']));
    await expectSignedOut(resigned({}, ['aud']));
  });

  it('is refused if a claim is missing or has another type', async () => {
    for (const name of ['id', 'email', 'role', 'sid']) {
      await expectSignedOut(resigned({}, [name]));
      await expectSignedOut(resigned({ [name]: { $gt: '' } }));
    }
    await expectSignedOut(
      jwt.sign('text', service.key, { algorithm: 'ES256', keyid: headerOf(validJwt)['kid'] as string }),
    );
  });
});
