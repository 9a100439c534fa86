import { operator } from '../../caller';
import { day, hour, password, useService } from '../../../test/service';

const service = useService();
type Browser = ReturnType<typeof service.browser>;

const invalid = { errors: [{ message: 'Invalid or expired token', code: 'invalid_token', field: 'token' }] };
const stored = (email: string) => service.users.findOne({ email }).lean().orFail();
const confirm = (token: string) =>
  service.api().post('/api/users/email-verification/confirm').send({ token, password });
const reset = (token: string) =>
  service.api().post('/api/users/password-reset/confirm').send({ token, password });
const change = (browser: Browser, email: string) =>
  browser.put('/api/users/me/email').send({ email, password }).expect(202);

/** Creates an account, if the purpose needs one, and returns a new token for the purpose. */
const issue = {
  verification: async (name) => {
    await service.signedUp(`${name}@example.com`);
    return service.tokenTo(`${name}@example.com`, 'Verify');
  },
  signup: async (name) => {
    const to = `${name}@example.com`;
    const hash = await service.passwords.toHash(password, operator());
    await service.mails.build({ kind: 'signup', to, password: hash }, service.now()).save();
    return service.tokenTo(to, 'Verify');
  },
  'password-reset': async (name) => {
    const email = `${name}@example.com`;
    await service.signedUp(email);
    await service.api().post('/api/users/password-reset').send({ email }).expect(202);
    return service.tokenTo(email, 'Reset');
  },
  'email-change': async (name) => {
    await change(await service.signedUp(`${name}@example.com`), `to-${name}@example.com`);
    return service.tokenTo(`to-${name}@example.com`, 'Confirm');
  },
  'email-change-undo': async (name) => {
    await change(await service.signedUp(`${name}@example.com`), `to-${name}@example.com`);
    return service.tokenTo(`${name}@example.com`, 'being changed');
  },
  'account-reopening': async (name) => {
    const browser = await service.signedUp(`${name}@example.com`);
    await browser.delete('/api/users/me').send({ password }).expect(204);
    return service.tokenTo(`${name}@example.com`, 'closed');
  },
} satisfies Record<string, (name: string) => Promise<string>>;

const use = (purpose: keyof typeof issue) => (purpose === 'password-reset' ? reset : confirm);

describe('a token from a mail', () => {
  it.each([
    ['verification', day],
    ['signup', day],
    ['password-reset', hour],
    ['email-change', day],
    ['email-change-undo', 7 * day],
    ['account-reopening', 7 * day],
  ] as const)('for %s is valid for %d seconds', async (purpose, lifetime) => {
    const [one, two] = [await issue[purpose](`early-${purpose}`), await issue[purpose](`late-${purpose}`)];
    service.advance(lifetime - 60);
    expect((await use(purpose)(one)).status).toBeLessThan(300);
    service.advance(60);
    await use(purpose)(two).expect(400, invalid);
  });

  it.each(['verification', 'password-reset'] as const)(
    'for %s is valid only while the account has the address that it was sent to',
    async (purpose) => {
      const token = await issue[purpose](`left-${purpose}`);
      await service.users.updateOne(
        { email: `left-${purpose}@example.com` },
        { email: `moved-${purpose}@example.com` },
      );
      await use(purpose)(token).expect(400, invalid);
      expect(await stored(`moved-${purpose}@example.com`)).toMatchObject({
        emailVerified: false,
        version: 0,
      });
    },
  );

  it.each(['verification', 'signup', 'email-change', 'email-change-undo', 'account-reopening'] as const)(
    'for %s cannot reset a password, and stays valid',
    async (purpose) => {
      const token = await issue[purpose](`crossed-${purpose}`);
      await reset(token).expect(400, invalid);
      await confirm(token).expect(200);
    },
  );

  it('for email-change is revoked once another one for the same address is used', async () => {
    const browser = await service.signedUp('insistent@example.com');
    const to = 'insistent-to@example.com';
    await change(browser, to);
    const one = await service.tokenTo(to, 'Confirm');
    await change(browser, to);
    const two = await service.tokenTo(to, 'Confirm');
    await confirm(one).expect(200);
    await confirm(two).expect(400, invalid);
    expect(await service.emailLinks.exists({ email: to })).toBeNull();
  });
});

describe('deleting an account', () => {
  afterEach(() => service.worker?.start());

  type Remove = (browser: Browser, id: string) => Promise<unknown>;
  it.each<[string, Remove, { links: string[]; mails: string[] }]>([
    [
      'the owner',
      (browser) => browser.delete('/api/users/me').send({ password }).expect(204),
      // What brings the closed account back.
      { links: ['email-change-undo'], mails: ['account-closed'] },
    ],
    [
      'an admin',
      async (_browser, id) => {
        const admin = await service.signedUpAdmin('admin@example.com');
        await admin.delete(`/api/users/${id}`).expect(204);
      },
      { links: [], mails: [] },
    ],
  ])('as %s deletes all its tokens and mails that have no use any more', async (who, remove, kept) => {
    const email = `${who.replaceAll(' ', '-')}-deletes@example.com`;
    const browser = await service.signedUp(email);
    await service.api().post('/api/users/password-reset').send({ email }).expect(202);
    await change(browser, `to-${email}`);
    await service.mailSettled();
    await service.worker?.stop();
    await browser.post('/api/users/email-verification').send({}).expect(202);
    const { _id: user } = await stored(email);
    expect(await service.emailLinks.countDocuments({ user })).toBe(4);
    expect(await service.mails.distinct('status', { user })).toEqual(['pending', 'sent']);
    await remove(browser, user.toHexString());
    expect(await service.emailLinks.distinct('purpose', { user })).toEqual(kept.links);
    expect(await service.mails.distinct('kind', { user })).toEqual(kept.mails);
  });
});
