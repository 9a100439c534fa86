import { createHmac, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { sessionCookieOf, jwtFrom } from '../../test/cookies';
import { password, useService } from '../../test/service';

const service = useService();
let good: string;

beforeAll(async () => {
  const response = await service
    .api()
    .post('/api/users/signup')
    .send({ email: 'token@example.com', password });
  good = jwtFrom(response) ?? '';
});

/** What the service makes of a token: at both doors nobody, and no failure. */
async function expectNobody(token: string): Promise<void> {
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

/** The good token's claims, changed, signed with the service's own key. */
const resigned = (change: object, drop: string[] = [], header: object = {}): string => {
  const payload = { ...payloadOf(good), ...change };
  for (const name of drop) Reflect.deleteProperty(payload, name);
  return jwt.sign(payload, service.key, {
    algorithm: 'ES256',
    header: { ...headerOf(good), ...header } as never,
    noTimestamp: drop.includes('iat'),
  });
};

const signedWith = (key: KeyObject, header: object): string =>
  jwt.sign(payloadOf(good), key, { algorithm: 'ES256', header: { ...headerOf(good), ...header } as never });

describe('a token', () => {
  it('carries the claims that siblings rely on, and names its key', () => {
    expect(payloadOf(good)).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{24}$/),
      email: 'token@example.com',
      role: 'user',
      sid: expect.stringMatching(/^[\w-]{22}$/),
      iss: 'test-issuer',
      aud: 'ticketing',
      iat: expect.any(Number),
      exp: expect.any(Number),
    });
    expect(headerOf(good)).toEqual({ alg: 'ES256', typ: 'JWT', kid: expect.stringMatching(/^[\w-]{43}$/) });
    expect(Number(payloadOf(good)['exp']) - Number(payloadOf(good)['iat'])).toBe(900);
  });

  it('is taken when signed again as it was, so that what follows is refused for its own reason', async () => {
    const cookie = sessionCookieOf({ jwt: resigned({}) });
    await service.api().get('/api/users/sessions').set('Cookie', cookie).expect(200);
  });

  it('S21 is refused with alg none', async () => {
    for (const alg of ['none', 'None', 'NONE', 'nOnE']) {
      const [, payload = ''] = good.split('.');
      await expectNobody(`${encode({ ...headerOf(good), alg })}.${payload}.`);
    }
  });

  it('S21 is refused when signed by HMAC with the public key', async () => {
    for (const [alg, hash] of [
      ['HS256', 'sha256'],
      ['HS512', 'sha512'],
    ] as const) {
      const [, payload = ''] = good.split('.');
      const signed = `${encode({ ...headerOf(good), alg })}.${payload}`;
      for (const secret of [publicPem(), publicPem().trim(), '']) {
        await expectNobody(`${signed}.${createHmac(hash, secret).update(signed).digest('base64url')}`);
      }
    }
  });

  it('S21 is refused with another algorithm', async () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;
    const header = { kid: headerOf(good)['kid'] } as never;
    await expectNobody(jwt.sign(payloadOf(good), rsa, { algorithm: 'RS256', header }));
    await expectNobody(jwt.sign(payloadOf(good), rsa, { algorithm: 'PS256', header }));
    await expectNobody(jwt.sign(payloadOf(good), p384, { algorithm: 'ES384', header }));
  });

  it('S22 is refused with any byte of any segment flipped', () => {
    expect(service.tokens.verify(good)).toBeDefined();
    const taken: string[] = [];
    for (let at = 0; at < good.length; at += 1) {
      for (const bit of [1, 2, 4, 8, 16, 32, 64]) {
        const flipped = String.fromCharCode(good.charCodeAt(at) ^ bit);
        const token = good.slice(0, at) + flipped + good.slice(at + 1);
        if (service.tokens.verify(token)) taken.push(`${at}:${bit}`);
      }
    }
    expect(taken).toEqual([]);
  });

  it('S22 is refused with a segment missing, doubled or padded', async () => {
    const [header = '', payload = '', signature = ''] = good.split('.');
    for (const token of [
      '',
      '.',
      '...',
      header,
      `${header}.${payload}`,
      `${header}.${payload}.`,
      `${good}.`,
      `${good}.${signature}`,
      `${good}=`,
      ` ${good}`,
      `${good}\n`,
      `.${payload}.${signature}`,
      `${header}..${signature}`,
    ]) {
      await expectNobody(token);
    }
  });

  it('S22 is refused when expired, not yet valid, or without exp', async () => {
    const now = Math.floor(service.now().getTime() / 1000);
    const expired = sessionCookieOf({ jwt: resigned({ exp: now - 1 }) });
    await service.api().get('/api/users/sessions').set('Cookie', expired).expect(401);
    await expectNobody(resigned({ exp: now - 1, sid: 'a-session-that-is-not-there' }));
    await expectNobody(resigned({ nbf: now + 60 }));
    await expectNobody(resigned({}, ['exp']));
    await expectNobody(resigned({}, ['iat']));
  });

  it('S23 is refused when its own header brings the key or names an odd one', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const jwk = publicKey.export({ format: 'jwk' });
    await expectNobody(signedWith(privateKey, { jwk }));
    await expectNobody(signedWith(privateKey, { jku: 'https://evil.example/jwks.json' }));
    await expectNobody(signedWith(privateKey, { x5u: 'https://evil.example/cert.pem' }));
    for (const kid of ['../../dev/null', "' OR 1=1 --", '', 'x'.repeat(500), 0, null, { $gt: '' }, ['a']]) {
      await expectNobody(signedWith(privateKey, { kid }));
      // jsonwebtoken itself refuses to sign with a kid that is no string.
      if (typeof kid === 'string') await expectNobody(resigned({}, [], { kid }));
    }
  });

  it('S24 is refused with another issuer or audience, or without', async () => {
    for (const change of [{ iss: 'https://evil.example' }, { aud: 'another' }, { iss: ['test-issuer'] }]) {
      await expectNobody(resigned(change));
    }
    await expectNobody(resigned({}, ['iss']));
    await expectNobody(resigned({}, ['aud']));
  });

  it('is refused when a claim is missing or of another type', async () => {
    for (const name of ['id', 'email', 'role', 'sid']) {
      await expectNobody(resigned({}, [name]));
      await expectNobody(resigned({ [name]: { $gt: '' } }));
    }
    await expectNobody(
      jwt.sign('text', service.key, { algorithm: 'ES256', keyid: headerOf(good)['kid'] as string }),
    );
  });
});
