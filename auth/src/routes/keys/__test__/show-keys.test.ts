import { DatabaseConnectionError } from '../../../errors/database-connection-error';
import { sessionCookieOf, jwtFrom } from '../../../test/cookies';
import { password, useService } from '../../../test/service';

const service = useService({ mailing: 'off' });
const url = '/api/users/.well-known/jwks.json';

afterEach(() => {
  jest.restoreAllMocks();
});

describe('GET /.well-known/jwks.json', () => {
  it('answers the public part of every key that may verify, and nothing else (RFC 7517)', async () => {
    const { next } = await service.keys.store.rotate();
    await service.keyRing.read();
    const { body, headers } = await service.api().get(url).expect(200);
    const { kid } = await service.keyRing.signer();
    const member = { kty: 'EC', crv: 'P-256', use: 'sig', alg: 'ES256' };
    const point = { x: expect.stringMatching(/^[\w-]{43}$/), y: expect.stringMatching(/^[\w-]{43}$/) };
    expect(body).toEqual({
      keys: [
        { ...member, ...point, kid },
        { ...member, ...point, kid: next.kid },
      ],
    });
    expect(headers['content-type']).toMatch(/^application\/json/);
    expect(headers['cache-control']).toBe('public, max-age=225');
    expect(headers['set-cookie']).toBeUndefined();
  });

  it('answers 304 without a body to whoever has the same keys', async () => {
    const { headers } = await service.api().get(url).expect(200);
    const etag = headers['etag'] ?? '';
    expect(etag).toMatch(/^"[\w-]{43}"$/);
    for (const tag of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const same = await service.api().get(url).set('If-None-Match', tag).expect(304);
      expect(same.text).toBe('');
      expect(same.headers).toMatchObject({ etag, 'cache-control': 'public, max-age=225' });
    }
    await service.api().get(url).set('If-None-Match', '"other"').expect(200);
    await service.api().head(url).set('If-None-Match', etag).expect(304);
    const head = await service.api().head(url).expect(200);
    expect(head.headers['etag']).toBe(etag);
  });

  it('has another ETag once the keys are others', async () => {
    const { headers } = await service.api().get(url).expect(200);
    await service.keys.store.replaceAll();
    await service.keyRing.read();
    const changed = await service
      .api()
      .get(url)
      .set('If-None-Match', headers['etag'] ?? '')
      .expect(200);
    expect(changed.body.keys).toHaveLength(1);
  });

  it('answers 405 to every other method, and nobody may store that', async () => {
    for (const method of ['post', 'put', 'patch', 'delete'] as const) {
      const refused = await service.api()[method](url).send({}).expect(405);
      expect(refused.headers).toMatchObject({ allow: 'GET, HEAD', 'cache-control': 'no-store' });
    }
  });
});

describe('while the keyring can not be read', () => {
  it('a JWT with an unknown key gets 503, and with a known one its answer', async () => {
    const email = 'keys@example.com';
    const jwt = jwtFrom(await service.api().post('/api/users/signup').send({ email, password })) ?? '';
    const [, payload = '', signature = ''] = jwt.split('.');
    const forged = (letter: string): string => {
      const header = JSON.stringify({ alg: 'ES256', kid: letter.repeat(43) });
      return sessionCookieOf({
        jwt: `${Buffer.from(header).toString('base64url')}.${payload}.${signature}`,
      });
    };
    const ask = (cookie: string) => service.api().get('/api/users/currentuser').set('Cookie', cookie);
    await ask(forged('k')).expect(200, { currentUser: null });
    jest.spyOn(service.keys.store, 'read').mockRejectedValue(new DatabaseConnectionError(new Error('away')));
    const { body } = await ask(forged('l')).expect(503);
    expect(body.errors[0].code).toBe('database_unavailable');
    // It was sought before, and nobody can name a key that is yet to be made.
    await ask(forged('k')).expect(200, { currentUser: null });
    expect((await ask(sessionCookieOf({ jwt })).expect(200)).body.currentUser.email).toBe(email);
  });
});
