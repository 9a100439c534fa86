import { jwtFrom, sessionCookieOf } from '../../../test/cookies';
import { day, password, useService } from '../../../test/service';

const service = useService({ mailing: 'waiting' });
type Browser = ReturnType<typeof service.browser>;

const newPassword = 'another good password';
let admin: Browser;
beforeAll(async () => {
  admin = await service.signedUpAdmin('admin@example.com');
});
// The tests set the clock forward.
beforeEach(async () => {
  await admin.get('/api/users/currentuser').expect(200);
  // What the admin does needs a fresh session, and the clock goes on.
  await admin.post('/api/users/me/confirm-password').send({ password }).expect(204);
});
afterEach(() => jest.restoreAllMocks());

const stored = (email: string) => service.users.findOne({ email }).lean().orFail();
const pathOf = async (email: string) => `/api/users/${(await stored(email))._id.toHexString()}`;
const renew = (cookie: string) =>
  service.api().get('/api/users/currentuser').set('Cookie', cookie).expect(200);
const change = { currentPassword: password, password: newPassword };

interface Account {
  email: string;
  /** The cookie of the session that races, and the id of that session. */
  cookie: string;
  id: string;
  /** Another browser of the same account. */
  other: Browser;
}

async function newAccount(name: string): Promise<Account> {
  const email = `${name.replaceAll(' ', '-')}@example.com`;
  const other = await service.signedUp(email);
  const response = await service.api().post('/api/users/signin').send({ email, password }).expect(200);
  const jwt = jwtFrom(response) ?? '';
  return { email, other, cookie: sessionCookieOf({ jwt }), id: service.jwts.verify(jwt)?.sid ?? '' };
}

/** Has this happen after a request has found its session alive, before anything follows from it. */
function onceFound(happen: () => Promise<unknown>): void {
  const { sessions } = service.sessionMemory;
  const find = sessions.findNow.bind(sessions);
  jest.spyOn(sessions, 'findNow').mockImplementationOnce(async (id) => {
    const live = await find(id);
    await happen();
    return live;
  });
}

type End = (account: Account) => Promise<unknown>;

const signOut: End = ({ cookie }) =>
  service.api().post('/api/users/signout').set('Cookie', cookie).expect(200);
const signOutEverywhere: End = async ({ email }) =>
  admin.delete(`${await pathOf(email)}/sessions`).expect(204);

/** What ends the session that races. */
const ends: Record<string, End> = {
  'its sign-out': signOut,
  'the end of this session alone': ({ other, id }) => other.delete(`/api/users/sessions/${id}`).expect(204),
  'a sign-out of others': ({ other }) => other.delete('/api/users/sessions').expect(204),
  'a sign-out everywhere by an admin': signOutEverywhere,
  'being disabled and enabled': async ({ email }) => {
    for (const disabled of [true, false]) {
      const { version } = await stored(email);
      await admin
        .patch(await pathOf(email))
        .send({ disabled, version })
        .expect(200);
    }
  },
};

async function expectDead(cookie: string): Promise<void> {
  expect((await renew(cookie)).body).toEqual({ currentUser: null });
  await service.api().get('/api/users/sessions').set('Cookie', cookie).expect(401);
}

/** Whether the previous version of the service would take the session for a live one. */
async function isLiveOnOldTerms({ email, id }: Account): Promise<boolean> {
  const { generation = 0, disabled } = await stored(email);
  const session = await service.sessions.findById(id).lean();
  const isCurrent = session !== null && (session.generation ?? 0) === generation && !disabled;
  return isCurrent && session.expiresAt > service.now();
}

describe('S20 a renewal', () => {
  it.each(Object.entries(ends))('that races with %s revives no session', async (name, end) => {
    const account = await newAccount(`renewal and ${name}`);
    // Past half the life of the JWT.
    service.advance(450);
    onceFound(() => end(account));
    const jwt = jwtFrom(await renew(account.cookie));
    await expectDead(account.cookie);
    if (jwt !== undefined) await expectDead(sessionCookieOf({ jwt }));
    expect(await isLiveOnOldTerms(account)).toBe(false);
  });

  it('that comes with a sign-out revives no session, whichever is first', async () => {
    for (let round = 0; round < 20; round += 1) {
      const account = await newAccount(`round ${round}`);
      service.advance(450);
      const [renewed] = await Promise.all([renew(account.cookie), renew(account.cookie), signOut(account)]);
      await expectDead(account.cookie);
      const jwt = jwtFrom(renewed);
      if (jwt !== undefined) await expectDead(sessionCookieOf({ jwt }));
    }
  });

  it('by the previous version, which sees no mark, revives no session that was signed out', async () => {
    const account = await newAccount('renewed by the previous version');
    await signOut(account);
    const used = { lastUsedAt: service.now(), expiresAt: new Date(service.now().getTime() + day * 1000) };
    await service.sessions.collection.updateOne({ _id: account.id as never }, { $set: used });
    await expectDead(account.cookie);
    expect(await isLiveOnOldTerms(account)).toBe(false);
  });
});

describe('S20 a session that has ended while its request is under way', () => {
  it.each(Object.entries(ends))('changes no password: %s', async (name, end) => {
    const account = await newAccount(`password and ${name}`);
    let before: unknown;
    onceFound(async () => {
      await end(account);
      before = await service.everything();
    });
    const response = await service
      .api()
      .put('/api/users/me/password')
      .set('Cookie', account.cookie)
      .send(change)
      .expect(401, { errors: [{ message: 'Not authorized', code: 'not_authorized' }] });
    expect(response.get('Set-Cookie')).toBeUndefined();
    expect(await service.everything()).toEqual(before);
  });

  it.each(Object.entries(ends))('signs no others out: %s', async (name, end) => {
    const account = await newAccount(`others and ${name}`);
    let before: unknown;
    onceFound(async () => {
      await end(account);
      before = await service.everything();
    });
    const response = service.api().delete('/api/users/sessions').set('Cookie', account.cookie);
    await response.expect(401, { errors: [{ message: 'Not authorized', code: 'not_authorized' }] });
    expect(await service.everything()).toEqual(before);
  });
});
