import { scryptSync } from 'node:crypto';
import { password, useService } from '../../../test/service';

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

/** Runs an action between the next password comparison and everything that depends on its result. */
function afterNextComparison(action: () => Promise<unknown>): void {
  const match = service.passwords.match.bind(service.passwords);
  jest.spyOn(service.passwords, 'match').mockImplementationOnce(async (...args) => {
    const matches = await match(...args);
    await action();
    return matches;
  });
}

describe('a request in progress while its password is changed', () => {
  const refused = {
    errors: [{ message: 'Invalid credentials', code: 'invalid_credentials', field: 'password' }],
  };

  it('S20 does not change the address', async () => {
    const browser = await service.signedUp('stays@example.com');
    afterNextComparison(() => changePassword(browser));
    const body = { email: 'thief@example.com', password };
    await browser.put('/api/users/me/email').send(body).expect(400, refused);
    expect((await stored('stays@example.com')).pendingEmail).toBeUndefined();
    expect(await service.mails.exists({ to: 'thief@example.com' })).toBeNull();
  });

  it('S20 does not close the account', async () => {
    const browser = await service.signedUp('stays-open@example.com');
    afterNextComparison(() => changePassword(browser));
    await browser.delete('/api/users/me').send({ password }).expect(400, refused);
    await signin(service.browser(), 'stays-open@example.com', other).expect(200);
  });
});

describe('a sign-in in progress while something else happens', () => {
  const disable = async (email: string, disabled: boolean) => {
    const { _id, version } = await stored(email);
    await admin.patch(`/api/users/${_id.toHexString()}`).send({ disabled, version }).expect(200);
  };

  /** Each prepares an action, which the test then runs while the sign-in compares the password. */
  const actions: Record<string, (email: string, browser: Browser) => Promise<() => Promise<unknown>>> = {
    'changing the password': (_email, browser) => Promise.resolve(() => changePassword(browser)),
    'a password reset': async (email) => {
      await service.api().post('/api/users/password-reset').send({ email }).expect(202);
      const body = { token: await service.tokenTo(email, 'Reset'), password: other };
      return () => service.api().post('/api/users/password-reset/confirm').send(body).expect(204);
    },
    'disabling and enabling the account': (email) =>
      Promise.resolve(async () => {
        await disable(email, true);
        await disable(email, false);
      }),
    'ending every session': async (email) => {
      const { _id } = await stored(email);
      return () => admin.delete(`/api/users/${_id.toHexString()}/sessions`).expect(204);
    },
    'undoing a change of address': async (email, browser) => {
      await browser
        .put('/api/users/me/email')
        .send({ email: `to-${email}`, password })
        .expect(202);
      const token = await service.tokenTo(email, 'being changed');
      return () => service.api().post('/api/users/email-verification/confirm').send({ token }).expect(200);
    },
  };

  it.each(Object.entries(actions))('S20 S31 leads to no live session: %s', async (what, prepare) => {
    const email = `${what.replaceAll(' ', '-')}@example.com`;
    const action = await prepare(email, await service.signedUp(email));
    afterNextComparison(action);
    const browser = service.browser();
    await signin(browser, email).expect(200);
    await browser.get('/api/users/currentuser').expect(200, { currentUser: null });
    await browser.get('/api/users/sessions').expect(401);
  });
});

it('S20 a sign-in that rewrites an old hash does not restore a password that was changed meanwhile', async () => {
  const email = 'rewritten@example.com';
  const browser = await service.signedUp(email);
  const salt = '0123456789abcdef';
  const legacy = `${scryptSync(password, salt, 64).toString('hex')}.${salt}`;
  await service.users.updateOne({ email }, { password: legacy });
  const toHash = service.passwords.toHash.bind(service.passwords);
  jest.spyOn(service.passwords, 'toHash').mockImplementationOnce(async (plain, caller) => {
    await changePassword(browser);
    return toHash(plain, caller);
  });
  await signin(service.browser(), email).expect(200);
  await signin(service.browser(), email).expect(400);
  await signin(service.browser(), email, other).expect(200);
});
