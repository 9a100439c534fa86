import { jwtFrom, sessionCookieOf } from '../../../test/cookies';
import { pileUp } from '../../../test/pile';
import { password, useService } from '../../../test/service';

// Many sign in at once here, and so many right passwords in flight reach the limits of guesses.
const service = useService({
  maxSessions: 3,
  mailing: 'waiting',
  rates: { signinAccountNetwork: '1000/1m', signinAccount: '1000/1m' },
});

interface Device {
  cookie: string;
  id: string;
}

const stored = (email: string) => service.users.findOne({ email }).lean().orFail();

/** A sign-in, from a browser without cookies unless one is given. The clock goes on, so that no two have the same time. */
async function signIn(email: string, cookie?: string): Promise<Device> {
  service.advance(1);
  const asked = service.api().post('/api/users/signin');
  const response = await (cookie === undefined ? asked : asked.set('Cookie', cookie)).send({
    email,
    password,
  });
  expect(response.status).toBe(200);
  const jwt = jwtFrom(response) ?? '';
  return { cookie: sessionCookieOf({ jwt }), id: service.jwts.verify(jwt)?.sid ?? '' };
}

const isAlive = async ({ cookie }: Device): Promise<boolean> =>
  (await service.api().get('/api/users/currentuser').set('Cookie', cookie).expect(200)).body.currentUser !==
  null;

const alive = (devices: Device[]) => Promise.all(devices.map(isAlive));

/** A new account with three sessions: as many as it can have. */
async function fullAccount(email: string): Promise<Device[]> {
  const browser = await service.signedUp(email);
  await browser.post('/api/users/signout').expect(200);
  const devices: Device[] = [];
  for (let n = 0; n < 3; n += 1) devices.push(await signIn(email));
  return devices;
}

describe('S60 F22 past the cap of sessions, a sign-in', () => {
  it('ends the one that was unused for longest', async () => {
    const devices = await fullAccount('unused@example.com');
    service.advance(450);
    const [first] = devices;
    // Renews the JWT, which is past half its life: a use that counts.
    if (first) expect(await isAlive(first)).toBe(true);
    const fourth = await signIn('unused@example.com');
    expect(await alive([...devices, fourth])).toEqual([true, false, true, true]);
  });

  it('ends the one that its browser had, and no other', async () => {
    const devices = await fullAccount('same-browser@example.com');
    const again = await signIn('same-browser@example.com', devices[2]?.cookie);
    expect(await alive([...devices, again])).toEqual([true, true, false, true]);
  });

  it('ends none where others have ended', async () => {
    const devices = await fullAccount('left@example.com');
    await service
      .api()
      .post('/api/users/signout')
      .set('Cookie', devices[2]?.cookie ?? '')
      .expect(200);
    const next = await signIn('left@example.com');
    expect(await alive([...devices, next])).toEqual([true, true, false, true]);
  });

  it('ends none of another account, and none that is ended or expired already', async () => {
    const others = await fullAccount('another@example.com');
    const devices = await fullAccount('mine@example.com');
    const ended = await service.sessions.findById(devices[0]?.id).lean().orFail();
    await service.sessions.end([ended._id], service.now());
    const before = await service.sessions.findById(ended._id).lean();
    await signIn('mine@example.com');
    await signIn('mine@example.com');
    expect(await service.sessions.findById(ended._id).lean()).toEqual(before);
    expect(await alive(others)).toEqual([true, true, true]);
  });

  it('leaves as many as the cap where many come at once', async () => {
    const email = 'parallel@example.com';
    await fullAccount(email);
    const devices = await Promise.all(Array.from({ length: 12 }, () => signIn(email)));
    expect((await alive(devices)).filter(Boolean)).toHaveLength(3);
    const listed = await service.sessions.listLive(await stored(email), { now: service.now(), limit: 100 });
    expect(listed).toHaveLength(3);
  });

  it('brings an account from a time without a cap down to it, a thousand at a time', async () => {
    const email = 'before@example.com';
    const browser = await service.signedUp(email);
    const user = await stored(email);
    if (service.connection.db) await pileUp(service.connection.db, user, 2500);
    const left = async () =>
      (await service.sessions.listLive(user, { now: service.now(), limit: 5000 })).length;
    const lefts: number[] = [];
    for (let n = 0; n < 3; n += 1) {
      await signIn(email);
      lefts.push(await left());
    }
    expect(lefts).toEqual([1502, 503, 3]);
    // The only one that began in a known device.
    const { body } = await browser.get('/api/users/currentuser').expect(200);
    expect(body).toMatchObject({ currentUser: { email } });
  });

  describe('ends those of unknown devices first', () => {
    /** A new account with as many sessions as it can have; the newest is that of an unknown device. */
    async function mixedAccount(email: string) {
      const browsers = [await service.signedUp(email), service.browser()] as const;
      for (let n = 0; n < 2; n += 1) {
        service.advance(1);
        await browsers[1].post('/api/users/signin').send({ email, password }).expect(200);
      }
      return { browsers, unknown: await signIn(email) };
    }
    const isSignedIn = async (browser: ReturnType<typeof service.browser>) =>
      (await browser.get('/api/users/currentuser').expect(200)).body.currentUser !== null;

    it('however long those of known ones were unused', async () => {
      const email = 'known-first@example.com';
      const { browsers, unknown } = await mixedAccount(email);
      const next = await signIn(email);
      expect(await Promise.all(browsers.map(isSignedIn))).toEqual([true, true]);
      expect(await alive([unknown, next])).toEqual([false, true]);
    });

    it('but never the new one: then the longest unused ends', async () => {
      const email = 'all-known@example.com';
      const { browsers, unknown } = await mixedAccount(email);
      const { _id: user } = await stored(email);
      await service.sessions.updateOne({ _id: unknown.id, user }, { knownDevice: true });
      const next = await signIn(email);
      expect(await Promise.all(browsers.map(isSignedIn))).toEqual([false, true]);
      expect(await alive([unknown, next])).toEqual([true, true]);
    });

    it('and those of which the previous version has not said it', async () => {
      const email = 'unsaid@example.com';
      const { browsers, unknown } = await mixedAccount(email);
      await service.sessions.updateOne({ _id: unknown.id }, { $unset: { knownDevice: 1 } });
      const next = await signIn(email);
      expect(await Promise.all(browsers.map(isSignedIn))).toEqual([true, true]);
      expect(await alive([unknown, next])).toEqual([false, true]);
    });
  });
});
