import { scryptSync } from 'node:crypto';
import { password, useService } from '../../test/service';

const service = useService();
type Browser = ReturnType<typeof service.browser>;

const other = 'another good password';
const stored = (email: string) => service.users.findOne({ email }).lean().orFail();
const signin = (browser: Browser, email: string, secret = password) =>
  browser.post('/api/users/signin').send({ email, password: secret });
const changePassword = (browser: Browser) =>
  browser.put('/api/users/me/password').send({ currentPassword: password, password: other }).expect(204);

let admin: Browser;
beforeAll(async () => {
  admin = await service.signedUpAdmin('admin@example.com');
});
afterEach(() => jest.restoreAllMocks());

/** Has this happen after the next comparison of a password, before anything follows from it. */
function onceCompared(happen: () => Promise<unknown>): void {
  const compare = service.passwords.compare.bind(service.passwords);
  jest.spyOn(service.passwords, 'compare').mockImplementationOnce(async (...args) => {
    const matches = await compare(...args);
    await happen();
    return matches;
  });
}

describe('a password that was changed after it was compared', () => {
  const refused = { errors: [{ message: 'Invalid credentials', field: 'password' }] };

  it('S20 moves the account to no address', async () => {
    const browser = await service.signedUp('stays@example.com');
    onceCompared(() => changePassword(browser));
    const body = { email: 'thief@example.com', password };
    await browser.put('/api/users/me/email').send(body).expect(400, refused);
    expect((await stored('stays@example.com')).pendingEmail).toBeUndefined();
    expect(await service.mails.exists({ to: 'thief@example.com' })).toBeNull();
  });

  it('S20 deletes no account', async () => {
    const browser = await service.signedUp('lives@example.com');
    onceCompared(() => changePassword(browser));
    await browser.delete('/api/users/me').send({ password }).expect(400, refused);
    await signin(service.browser(), 'lives@example.com', other).expect(200);
  });
});

describe('a sign-in leads to no session', () => {
  const disable = async (email: string, disabled: boolean) => {
    const { _id, version } = await stored(email);
    await admin.patch(`/api/users/${_id.toHexString()}`).send({ disabled, version }).expect(200);
  };

  /** What is prepared, and then happens while the password of the sign-in is compared. */
  const events: Record<string, (email: string, browser: Browser) => Promise<() => Promise<unknown>>> = {
    'a change of password': (_email, browser) => Promise.resolve(() => changePassword(browser)),
    'a reset': async (email) => {
      await service.api().post('/api/users/password-reset').send({ email }).expect(202);
      const body = { token: await service.tokenTo(email, 'Reset'), password: other };
      return () => service.api().post('/api/users/password-reset/confirm').send(body).expect(204);
    },
    'being disabled and enabled': (email) =>
      Promise.resolve(async () => {
        await disable(email, true);
        await disable(email, false);
      }),
    'the end of every session': async (email) => {
      const { _id } = await stored(email);
      return () => admin.delete(`/api/users/${_id.toHexString()}/sessions`).expect(204);
    },
    'the way back from a change of address': async (email, browser) => {
      await browser
        .put('/api/users/me/email')
        .send({ email: `to-${email}`, password })
        .expect(202);
      const token = await service.tokenTo(email, 'being changed');
      return () => service.api().post('/api/users/email-verification/confirm').send({ token }).expect(200);
    },
  };

  it.each(Object.entries(events))('S20 S31 that %s overtakes', async (what, prepare) => {
    const email = `${what.replaceAll(' ', '-')}@example.com`;
    const happen = await prepare(email, await service.signedUp(email));
    onceCompared(happen);
    const late = service.browser();
    await signin(late, email).expect(200);
    await late.get('/api/users/currentuser').expect(200, { currentUser: null });
    await late.get('/api/users/sessions').expect(401);
  });
});

it('S20 a password that is changed while a sign-in rewrites its hash does not come back', async () => {
  const email = 'rewritten@example.com';
  const browser = await service.signedUp(email);
  const salt = '0123456789abcdef';
  const legacy = `${scryptSync(password, salt, 64).toString('hex')}.${salt}`;
  await service.users.updateOne({ email }, { password: legacy });
  const toHash = service.passwords.toHash.bind(service.passwords);
  jest.spyOn(service.passwords, 'toHash').mockImplementationOnce(async (plain) => {
    await changePassword(browser);
    return toHash(plain);
  });
  await signin(service.browser(), email).expect(200);
  await signin(service.browser(), email).expect(400);
  await signin(service.browser(), email, other).expect(200);
});
