import { day, hour, password, useService } from '../../test/service';

const service = useService();
type Browser = ReturnType<typeof service.browser>;

const invalid = { errors: [{ message: 'Invalid or expired token', field: 'token' }] };
const stored = (email: string) => service.users.findOne({ email }).lean().orFail();
const confirm = (token: string) =>
  service.api().post('/api/users/email-verification/confirm').send({ token });
const reset = (token: string) =>
  service.api().post('/api/users/password-reset/confirm').send({ token, password });
const change = (browser: Browser, email: string) =>
  browser.put('/api/users/me/email').send({ email, password }).expect(202);

/** How a token for each purpose is come by, from nothing. */
const issue = {
  verification: async (name) => {
    await service.signedUp(`${name}@example.com`);
    return service.tokenTo(`${name}@example.com`, 'Verify');
  },
  signup: async (name) => {
    const waiting = { to: `${name}@example.com`, password: await service.passwords.toHash(password) };
    await service.mails.build({ kind: 'signup', ...waiting }, service.now()).save();
    return service.tokenTo(waiting.to, 'Verify');
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
} satisfies Record<string, (name: string) => Promise<string>>;

const use = (purpose: keyof typeof issue) => (purpose === 'password-reset' ? reset : confirm);

describe('a token that came by mail', () => {
  it.each([
    ['verification', day],
    ['signup', day],
    ['password-reset', hour],
    ['email-change', day],
    ['email-change-undo', 7 * day],
  ] as const)('for %s is good for %d seconds', async (purpose, lifetime) => {
    const [one, two] = [await issue[purpose](`early-${purpose}`), await issue[purpose](`late-${purpose}`)];
    service.advance(lifetime - 60);
    expect((await use(purpose)(one)).status).toBeLessThan(300);
    service.advance(60);
    await use(purpose)(two).expect(400, invalid);
  });

  it.each(['verification', 'password-reset'] as const)(
    'for %s is good for the address alone that it was sent to',
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

  it.each(['verification', 'signup', 'email-change', 'email-change-undo'] as const)(
    'for %s resets no password, and stays whole',
    async (purpose) => {
      const token = await issue[purpose](`crossed-${purpose}`);
      await reset(token).expect(400, invalid);
      await confirm(token).expect(200);
    },
  );

  it('for a change of address ends with the use of another to the same', async () => {
    const browser = await service.signedUp('insistent@example.com');
    const to = 'insistent-to@example.com';
    await change(browser, to);
    await change(browser, to);
    const [one, two] = [await service.tokenTo(to, 'Confirm'), await service.tokenTo(to, 'Confirm')];
    await confirm(one).expect(200);
    await confirm(two).expect(400, invalid);
    expect(await service.actionTokens.exists({ email: to })).toBeNull();
  });
});

describe('with an account', () => {
  afterEach(() => service.worker?.start());

  it.each<[string, (browser: Browser, id: string) => Promise<unknown>]>([
    ['its owner', (browser) => browser.delete('/api/users/me').send({ password }).expect(204)],
    [
      'an admin',
      async (_browser, id) => {
        const admin = await service.signedUpAdmin('admin@example.com');
        await admin.delete(`/api/users/${id}`).expect(204);
      },
    ],
  ])('that %s deletes go all tokens and mails of it', async (who, remove) => {
    const email = `${who.replaceAll(' ', '-')}-deletes@example.com`;
    const browser = await service.signedUp(email);
    await service.api().post('/api/users/password-reset').send({ email }).expect(202);
    await change(browser, `to-${email}`);
    await service.mailSettled();
    await service.worker?.stop();
    await browser.post('/api/users/email-verification').send({}).expect(202);
    const { _id: user } = await stored(email);
    expect(await service.actionTokens.countDocuments({ user })).toBe(4);
    expect(await service.mails.distinct('status', { user })).toEqual(['pending', 'sent']);
    await remove(browser, user.toHexString());
    expect(await service.actionTokens.countDocuments({ user })).toBe(0);
    expect(await service.mails.countDocuments({ user })).toBe(0);
  });
});
