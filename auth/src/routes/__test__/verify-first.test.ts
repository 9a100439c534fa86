import { tellable } from '../../test/answers';
import { password, useService } from '../../test/service';

const service = useService({ signupMode: 'verify-first' });
const signup = (body: object) => service.api().post('/api/users/signup').send(body);
const confirm = (token: string) =>
  service.api().post('/api/users/email-verification/confirm').send({ token });
const invalid = { errors: [{ message: 'Invalid or expired token', field: 'token' }] };
const another = 'another good password';
const signin = (email: string, secret = password) =>
  service.api().post('/api/users/signin').send({ email, password: secret });

/** Somebody who has signed up and verified. */
async function member(email: string): Promise<void> {
  await signup({ email, password }).expect(202);
  await confirm(await service.tokenTo(email, 'Verify')).expect(200);
}

describe('POST /api/users/signup with SIGNUP_MODE=verify-first', () => {
  it('opens the account when the address is verified, and not before', async () => {
    const email = 'new@example.com';
    const response = await signup({ email, password, name: 'Ada' }).expect(202);
    expect(response.body).toEqual({});
    expect(response.get('Set-Cookie')).toBeUndefined();
    await signin(email).expect(400);
    expect(await service.users.exists({ email })).toBeNull();
    const opened = await confirm(await service.tokenTo(email, 'Verify')).expect(200);
    expect(opened.body).toMatchObject({ email, name: 'Ada', role: 'user', emailVerified: true, version: 0 });
    await signin(email).expect(200);
  });

  it('S9 answers alike for new and existing addresses, after the same work, and tells the owner', async () => {
    await member('existing@example.com');
    await service.worker?.stop();
    const hash = jest.spyOn(service.passwords, 'toHash');
    const find = jest.spyOn(service.users, 'findOne');
    const answers = [
      await signup({ email: 'existing@example.com', password: 'another good password' }),
      await signup({ email: 'fresh@example.com', password: 'another good password' }),
    ];
    const work = { hashes: hash.mock.calls.length, looks: find.mock.calls.length };
    hash.mockRestore();
    find.mockRestore();
    service.worker?.start();
    expect(work).toEqual({ hashes: 2, looks: 0 });
    const [existing, fresh] = answers.map(tellable);
    expect(existing).toEqual(fresh);
    const notice = await service.mailTo('existing@example.com', 'an account already');
    expect(notice.token).toBeUndefined();
    await service.mailTo('fresh@example.com', 'Verify');
    await signin('existing@example.com').expect(200);
    await signin('existing@example.com', 'another good password').expect(400);
  });

  it('opens one account for two who confirm the same address', async () => {
    const email = 'both@example.com';
    await signup({ email, password }).expect(202);
    await signup({ email, password: 'another good password' }).expect(202);
    const tokens = [await service.tokenTo(email, 'Verify'), await service.tokenTo(email, 'Verify')];
    const answers = await Promise.all(tokens.map(confirm));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400]);
    expect(await service.users.countDocuments({ email })).toBe(1);
    await Promise.all(tokens.map((token) => confirm(token).expect(400)));
  });

  it.each([0, 1])(
    'S9 opens an account that several signed up for with the password of none: token %d of two',
    async (at) => {
      const email = `contested-${at}@example.com`;
      await signup({ email, password }).expect(202);
      const first = await service.tokenTo(email, 'Verify');
      await signup({ email, password: another }).expect(202);
      const tokens = [first, await service.tokenTo(email, 'Verify')];
      await confirm(tokens[at] ?? '').expect(200);
      expect(await service.actionTokens.exists({ email, purpose: 'signup' })).toBeNull();
      for (const secret of [password, another]) await signin(email, secret).expect(400);
      const token = await service.tokenTo(email, 'Choose your password');
      const chosen = { token, password: 'what the owner chooses' };
      await service.api().post('/api/users/password-reset/confirm').send(chosen).expect(204);
      await signin(email, chosen.password).expect(200);
    },
  );

  it('takes no other token for an account that was opened, not even once it is closed', async () => {
    const email = 'once@example.com';
    for (const secret of [password, another, password]) await signup({ email, password: secret }).expect(202);
    const [used, ...siblings] = [
      await service.tokenTo(email, 'Verify'),
      await service.tokenTo(email, 'Verify'),
      await service.tokenTo(email, 'Verify'),
    ];
    await confirm(used).expect(200);
    expect(await service.actionTokens.exists({ email, purpose: 'signup' })).toBeNull();
    for (const sibling of siblings) await confirm(sibling).expect(400, invalid);
    const token = await service.tokenTo(email, 'Choose your password');
    await service.api().post('/api/users/password-reset/confirm').send({ token, password }).expect(204);
    const browser = service.browser();
    await browser.post('/api/users/signin').send({ email, password }).expect(200);
    await browser.delete('/api/users/me').send({ password }).expect(204);
    for (const old of [used, ...siblings]) await confirm(old).expect(400, invalid);
    expect(await service.actionTokens.exists({ email })).toBeNull();
  });

  it('S9 answers alike for a disabled account, and writes to nobody', async () => {
    const email = 'shut@example.com';
    await member(email);
    await service.users.updateOne({ email }, { disabled: true });
    await signup({ email, password }).expect(202, {});
    await service.mailSettled();
    expect(service.inbox.mails.filter(({ to }) => to === email)).toEqual([]);
  });

  it('S5 stores only its own values for what a body may not set', async () => {
    const email = 'greedy@example.com';
    const greedy = { role: 'admin', disabled: true, _id: '0'.repeat(24), version: 7, extra: 'x' };
    await signup({ ...greedy, email, password }).expect(202);
    await confirm(await service.tokenTo(email, 'Verify')).expect(200);
    const stored = await service.users.findOne({ email }).lean();
    expect(stored).toMatchObject({ role: 'user', disabled: false, version: 0 });
    expect(stored?._id.toHexString()).not.toBe('0'.repeat(24));
    expect(stored).not.toHaveProperty('extra');
  });

  it('refuses invalid input as ever', async () => {
    const response = await signup({ email: 'nonsense', password: 'short' }).expect(400);
    expect(response.body.errors.map(({ field }: { field: string }) => field)).toEqual(['email', 'password']);
  });
});
