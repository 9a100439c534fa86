import type { Response } from 'supertest';
import { jwtFrom, sessionCookieOf } from '../../test/cookies';
import { day, password, useService } from '../../test/service';

const service = useService();

/** Signs a user up, and returns the cookie as a browser sends it. */
async function signedUpCookie(email: string): Promise<string> {
  const response = await service.api().post('/api/users/signup').send({ email, password }).expect(201);
  return response.get('Set-Cookie')?.[0]?.split(';')[0] ?? '';
}

const show = (cookie: string) => service.api().get('/api/users/currentuser').set('Cookie', cookie);

async function expectSignedIn(cookie: string, email: string): Promise<void> {
  const { body } = await show(cookie).expect(200);
  expect(body.currentUser).toMatchObject({ email });
  await service.api().get('/api/users/sessions').set('Cookie', cookie).expect(200);
}

const expectSignedOut = (cookie: string) => show(cookie).expect(200, { currentUser: null });
const signOut = (cookie: string) =>
  service.api().post('/api/users/signout').set('Cookie', cookie).expect(200);
/** The cookie of a session that has ended. */
async function deadCookie(email: string): Promise<string> {
  const cookie = await signedUpCookie(email);
  await signOut(cookie);
  return cookie;
}

describe("F1 a session cookie's value", () => {
  it.each(['a', 'ab', 'abc'])(
    'is written without padding, and read padded, percent-encoded and quoted (%s)',
    async (name) => {
      const email = `${name}@padding.example`;
      const cookie = await signedUpCookie(email);
      expect(cookie).toMatch(/^session=[A-Za-z0-9]+$/);
      const value = cookie.slice('session='.length);
      const padded = Buffer.from(value, 'base64').toString('base64');
      for (const sent of [value, padded, encodeURIComponent(padded), `"${padded}"`, `"${value}"`])
        await expectSignedIn(`session=${sent}`, email);
      await expectSignedIn(`session=%22${encodeURIComponent(padded)}%22`, email);
      await expectSignedIn(`other=1;session=${value};last="x=y; session=z"`, email);
    },
  );

  it.each([
    'session=%',
    'session=%ff',
    'session="',
    'session=%00',
    'session',
    'session==',
    'Session=x',
    'xsession=x',
  ])('S29 signs nobody in if it is malformed: %s', (cookie) => expectSignedOut(cookie));

  it('S29 may be in the cookie of another application, beside ours', async () => {
    const cookie = await signedUpCookie('beside@other.example');
    for (const content of [{ user: 1 }, { jwt: 5 }, { jwt: 'x' }, [], null, 'text'])
      await expectSignedIn(
        `${sessionCookieOf(content)}; session=s%3Asigned.value; ${cookie}`,
        'beside@other.example',
      );
  });

  it('S29 may have the names and bytes that an attacker chooses', async () => {
    const pollution = Buffer.from('{"__proto__":{"jwt":"x"},"jwt":{"__proto__":1}}').toString('base64');
    const latin1 = Buffer.from('session=\xff\xfe\x80; __proto__=1; constructor=2', 'latin1').toString(
      'latin1',
    );
    for (const cookie of [`session=${pollution}`, latin1, ';;;=;=session=;', '__proto__=session'])
      await expectSignedOut(cookie);
  });
});

describe('F2 several session cookies', () => {
  it('sign in if one of them is alive, in any order', async () => {
    const dead = await deadCookie('old@several.example');
    const live = await signedUpCookie('live@several.example');
    await expectSignedIn(`${dead}; ${live}`, 'live@several.example');
    await expectSignedIn(`${live}; ${dead}`, 'live@several.example');
    await expectSignedIn(`session=; ${dead}; session=garbage; ${live}`, 'live@several.example');
  });

  it('name the session that was signed in to last, if several are alive', async () => {
    const first = await signedUpCookie('first@both.example');
    service.advance(2);
    const second = await signedUpCookie('second@both.example');
    await expectSignedIn(`${first}; ${second}`, 'second@both.example');
    await expectSignedIn(`${second}; ${first}`, 'second@both.example');
  });

  it('sign in by the newer JWT of a session, if the older one has expired', async () => {
    const old = await signedUpCookie('renewed@several.example');
    service.advance(3600);
    const renewed = sessionCookieOf({ jwt: jwtFrom(await show(old)) });
    await expectSignedIn(`${old}; ${renewed}`, 'renewed@several.example');
    expect((await show(`${old}; ${renewed}`)).get('Set-Cookie')).toBeUndefined();
  });

  it('are all ended by a sign-out, which clears the cookie', async () => {
    const cookies = [await signedUpCookie('one@out.example'), await signedUpCookie('two@out.example')];
    const response = await signOut(`session=garbage; ${cookies.join('; ')}`);
    expect(response.get('Set-Cookie')).toEqual([
      expect.stringMatching(/^session=; path=\/; expires=Thu, 01 Jan 1970/),
    ]);
    for (const cookie of cookies) await expectSignedOut(cookie);
  });

  it('are all replaced by a sign-in', async () => {
    const cookies = [await signedUpCookie('one@in.example'), await signedUpCookie('two@in.example')];
    const again = await service
      .api()
      .post('/api/users/signin')
      .set('Cookie', cookies.join('; '))
      .send({ email: 'one@in.example', password })
      .expect(200);
    for (const cookie of cookies) await expectSignedOut(cookie);
    await expectSignedIn([...cookies, sessionCookieOf({ jwt: jwtFrom(again) })].join('; '), 'one@in.example');
  });

  it('are looked up for ten JWTs at most', async () => {
    const cookies = [];
    for (let n = 0; n < 12; n += 1) cookies.push(await deadCookie(`dead-${n}@many.example`));
    const find = jest.spyOn(service.sessionMemory.sessions, 'find');
    await expectSignedOut(cookies.join('; '));
    expect(find).toHaveBeenCalledTimes(10);
    find.mockClear();
    // The same session, and what this service has not signed, cost no read.
    const forged = Array.from({ length: 300 }, (_, n) => sessionCookieOf({ jwt: n }));
    await expectSignedOut([cookies[0], cookies[0], ...forged].join('; '));
    expect(find).toHaveBeenCalledTimes(1);
    find.mockRestore();
  });
});

describe('F24 the life of the cookie', () => {
  function expectLife(response: Response, seconds: number): void {
    const [, maxAge] = /; max-age=(\d+);?/.exec(response.get('Set-Cookie')?.[0] ?? '') ?? [];
    expect(Number(maxAge)).toBeLessThanOrEqual(seconds);
    expect(Number(maxAge)).toBeGreaterThan(seconds - 60);
  }

  it("is the remaining life of the session, and moves at /currentuser's renewals", async () => {
    const email = 'life@example.com';
    const signup = await service.api().post('/api/users/signup').send({ email, password });
    expectLife(signup, 7 * day);
    const browser = service.browser();
    const signin = await browser.post('/api/users/signin').send({ email, password }).expect(200);
    expectLife(signin, 7 * day);
    service.advance(6 * day);
    const renewal = await browser.get('/api/users/currentuser').expect(200);
    expectLife(renewal, 7 * day);
    const [session] = (await browser.get('/api/users/sessions')).body.sessions as { expiresAt: string }[];
    expect(Date.parse(session?.expiresAt ?? '') - service.now().getTime()).toBeGreaterThan(
      7 * day * 1000 - 60_000,
    );
  });

  it('ends with the session, however much it is used', async () => {
    const browser = await service.signedUp('limit@example.com');
    for (let week = 0; week < 4; week += 1) {
      service.advance(6 * day);
      await browser.get('/api/users/currentuser').expect(200);
    }
    service.advance(3 * day);
    const renewal = await browser.get('/api/users/currentuser').expect(200);
    expectLife(renewal, 3 * day);
  });

  it('is what the session has left, after a change of password', async () => {
    const browser = await service.signedUp('changed@example.com');
    service.advance(60);
    const change = { currentPassword: password, password: 'another good password' };
    const response = await browser.put('/api/users/me/password').send(change).expect(204);
    expectLife(response, 7 * day - 60);
  });
});

describe('beside other cookies', () => {
  it('12 kB of them change nothing', async () => {
    const cookie = await signedUpCookie('beside@big.example');
    await expectSignedIn(`${'x'.repeat(12 * 1024)}=1; ${cookie}`, 'beside@big.example');
  });

  it('all headers together may have 16 KiB; past that the response is 431', async () => {
    const cookie = await signedUpCookie('limit@big.example');
    await expectSignedIn(`a=${'x'.repeat(15 * 1024 - cookie.length)}; ${cookie}`, 'limit@big.example');
    const response = await show(`a=${'x'.repeat(16 * 1024)}; ${cookie}`).expect(431);
    expect(response.body.errors).toEqual([
      { message: 'Request Header Fields Too Large', code: 'headers_too_large' },
    ]);
  });
});
