import jwt, { type JwtPayload } from 'jsonwebtoken';
import { jwtFrom, sessionCookieOf } from '../../../test/cookies';
import { day, hour, password, useService } from '../../../test/service';

const service = useService();
const show = (cookie?: string) => {
  const request = service.api().get('/api/users/currentuser');
  return cookie === undefined ? request : request.set('Cookie', cookie);
};

/** Signs a user up and returns the JWT. */
async function signedUpJwt(email: string): Promise<string> {
  const response = await service.api().post('/api/users/signup').send({ email, password }).expect(201);
  return jwtFrom(response) ?? '';
}

const sessionOf = (token: string): string => (jwt.decode(token) as JwtPayload)['sid'] as string;

describe('GET /api/users/currentuser', () => {
  it('returns the user, and sets no cookie in the first half of the life of the JWT', async () => {
    const browser = await service.signedUp('me@example.com');
    const response = await browser.get('/api/users/currentuser').expect(200);
    expect(response.body).toEqual({
      currentUser: {
        id: expect.stringMatching(/^[0-9a-f]{24}$/),
        email: 'me@example.com',
        role: 'user',
        emailVerified: false,
        version: 0,
        createdAt: expect.any(String),
        updatedAt: expect.any(String),
      },
    });
    expect(response.get('Set-Cookie')).toBeUndefined();
  });

  it('returns null if nobody is signed in', async () => {
    await show().expect(200, { currentUser: null });
  });

  it.each([
    ['plain text', 'session=garbage'],
    ['no content', 'session='],
    ['a number', sessionCookieOf(5)],
    ['null', sessionCookieOf(null)],
    ['an array', sessionCookieOf(['jwt'])],
    ['an object without a JWT', sessionCookieOf({})],
    ['an object in place of the JWT', sessionCookieOf({ jwt: { $gt: '' } })],
    ['an array in place of the JWT', sessionCookieOf({ jwt: ['a', 'b'] })],
    ['an empty JWT', sessionCookieOf({ jwt: '..' })],
    [
      'prototype pollution',
      'session=' +
        Buffer.from('{"__proto__":{"jwt":"x"},"constructor":{"prototype":{"jwt":"y"}}}').toString('base64'),
    ],
    ['broken UTF-8', `session=${Buffer.from([0xff, 0xfe, 0x00]).toString('base64')}`],
    ['names of cookie-session methods', sessionCookieOf({ isChanged: 1, isNew: 1, _ctx: 1, populated: 1 })],
  ])('S29 S4 returns null for a cookie with %s', async (_what, cookie) => {
    await show(cookie).expect(200, { currentUser: null });
    expect(({} as Record<string, unknown>)['jwt']).toBeUndefined();
  });

  it('S31 returns null while the user is disabled', async () => {
    const browser = await service.signedUp('disabled@example.com');
    await service.users.updateOne({ email: 'disabled@example.com' }, { disabled: true });
    await browser.get('/api/users/currentuser').expect(200, { currentUser: null });
    await browser.get('/api/users/sessions').expect(401);
    await service.users.updateOne({ email: 'disabled@example.com' }, { disabled: false });
    expect((await browser.get('/api/users/currentuser')).body.currentUser).not.toBeNull();
  });

  it('S31 returns null once the user is deleted', async () => {
    const browser = await service.signedUp('deleted@example.com');
    await service.users.deleteOne({ email: 'deleted@example.com' });
    await browser.get('/api/users/currentuser').expect(200, { currentUser: null });
  });

  it('renews a JWT past half its life, for the same session', async () => {
    const first = await signedUpJwt('renewed@example.com');
    service.advance(8 * 60);
    const response = await show(sessionCookieOf({ jwt: first })).expect(200);
    const second = jwtFrom(response) ?? '';
    expect(sessionOf(second)).toBe(sessionOf(first));
    expect((jwt.decode(second) as JwtPayload).exp).toBeGreaterThan(
      (jwt.decode(first) as JwtPayload).exp ?? 0,
    );
    const stored = await service.sessions.findById(sessionOf(first)).lean();
    expect(stored?.lastUsedAt.getTime()).toBeGreaterThan(stored?.createdAt.getTime() ?? Infinity);
  });

  it('renews an expired JWT while its session is alive, although other endpoints refuse it', async () => {
    const token = await signedUpJwt('idle@example.com');
    service.advance(hour);
    const cookie = sessionCookieOf({ jwt: token });
    await service.api().get('/api/users/sessions').set('Cookie', cookie).expect(401);
    const renewed = jwtFrom(await show(cookie).expect(200)) ?? '';
    await service
      .api()
      .get('/api/users/sessions')
      .set('Cookie', sessionCookieOf({ jwt: renewed }))
      .expect(200);
  });

  it.each([{ role: 'admin' as const }, { email: 'moved-to@example.com' }])(
    'renews the JWT at once if the user has changed to %j',
    async (change) => {
      const email = `${Object.keys(change).join('')}-changed@example.com`;
      const token = await signedUpJwt(email);
      await service.users.updateOne({ email }, change);
      const renewed = jwtFrom(await show(sessionCookieOf({ jwt: token })).expect(200)) ?? '';
      expect(jwt.decode(renewed)).toMatchObject(change);
    },
  );

  it('signs nobody out when a JWT is renewed in parallel', async () => {
    const token = await signedUpJwt('parallel@example.com');
    service.advance(10 * 60);
    const responses = await Promise.all(
      Array.from({ length: 20 }, () => show(sessionCookieOf({ jwt: token }))),
    );
    for (const response of responses) {
      const cookie = sessionCookieOf({ jwt: jwtFrom(response) });
      expect((await show(cookie)).body.currentUser).toMatchObject({ email: 'parallel@example.com' });
    }
  });

  it('returns null after seven days without use of the session', async () => {
    const token = await signedUpJwt('away@example.com');
    service.advance(7 * day);
    await show(sessionCookieOf({ jwt: token })).expect(200, { currentUser: null });
  });

  it('returns null thirty days after the sign-in, even if the session was used daily', async () => {
    let token = await signedUpJwt('busy@example.com');
    for (let used = 0; used < 29; used += 1) {
      service.advance(day);
      token = jwtFrom(await show(sessionCookieOf({ jwt: token })).expect(200)) ?? '';
      expect(token).not.toBe('');
    }
    service.advance(day);
    await show(sessionCookieOf({ jwt: token })).expect(200, { currentUser: null });
  });

  it('does not restore a session that ends during its renewal', async () => {
    const token = await signedUpJwt('ending@example.com');
    service.advance(10 * 60);
    const update = jest
      .spyOn(service.sessions, 'updateOne')
      .mockImplementationOnce(((filter: { _id: string }) =>
        service.sessions.deleteOne(filter).then(() => ({ matchedCount: 0 }))) as never);
    await show(sessionCookieOf({ jwt: token })).expect(200, { currentUser: null });
    update.mockRestore();
  });
});
