import { comparable } from '../../../test/responses';
import { hour, password, useService } from '../../../test/service';

const service = useService();
const other = 'another good password';
const invalid = { errors: [{ message: 'Invalid or expired token', code: 'invalid_token', field: 'token' }] };
const request = (email: unknown) => service.api().post('/api/users/password-reset').send({ email });
const confirm = (token: unknown, secret: unknown = other) =>
  service.api().post('/api/users/password-reset/confirm').send({ token, password: secret });
const signin = (email: string, secret: string) =>
  service.api().post('/api/users/signin').send({ email, password: secret });

/** A new user with a signed-in browser and the token of a reset link. */
async function userWithResetLink(name: string) {
  const email = `${name}@example.com`;
  const browser = await service.signedUp(email);
  await request(email).expect(202);
  return { email, browser, token: await service.tokenTo(email, 'Reset') };
}

describe('POST /api/users/password-reset', () => {
  it('S9 gives every address the same response, and sends mail only to the owner of an enabled account', async () => {
    await service.signedUp('known@example.com');
    await service.signedUp('shut@example.com');
    await service.users.updateOne({ email: 'shut@example.com' }, { disabled: true });
    const addresses = ['known@example.com', 'unknown@example.com', 'shut@example.com'];
    const answers = await Promise.all(addresses.map((email) => request(email)));
    const [first, ...rest] = answers.map(comparable);
    expect(first).toMatchObject({ status: 202, body: {} });
    for (const answer of rest) expect(answer).toEqual(first);
    await service.mailTo('known@example.com', 'Reset');
    await service.mailSettled();
    const unexpected = service.inbox.mails.filter(
      ({ to, subject }) =>
        ['unknown@example.com', 'shut@example.com'].includes(to) && subject.includes('Reset'),
    );
    expect(unexpected).toEqual([]);
  });

  it('S9 does the same work for every address: one write, and no query of the accounts', async () => {
    await service.signedUp('timed@example.com');
    await service.mailSettled();
    await service.worker?.stop();
    const find = jest.spyOn(service.users, 'findOne');
    const before = await service.mails.countDocuments();
    await request('timed@example.com').expect(202);
    await request('untimed@example.com').expect(202);
    const queries = find.mock.calls.length;
    const written = (await service.mails.countDocuments()) - before;
    find.mockRestore();
    service.worker?.start();
    expect({ queries, written }).toEqual({ queries: 0, written: 2 });
    await service.mailSettled();
    expect(await service.mails.exists({ to: 'untimed@example.com' })).toBeNull();
  });

  it('refuses a malformed and a missing address', async () => {
    for (const email of ['nonsense', '', undefined]) {
      const response = await request(email).expect(400);
      expect(response.body).toEqual({
        errors: [{ message: 'Email must be valid', code: 'email_invalid', field: 'email' }],
      });
    }
  });
});

describe('POST /api/users/password-reset/confirm', () => {
  it('S31 sets the password, ends every session, verifies the address and sends a notice', async () => {
    const { email, browser, token } = await userWithResetLink('reset');
    await confirm(token).expect(204, {});
    await browser.get('/api/users/currentuser').expect(200, { currentUser: null });
    await signin(email, password).expect(400);
    const response = await signin(email, other).expect(200);
    expect(response.body).toMatchObject({ emailVerified: true });
    const notice = await service.mailTo(email, 'was changed');
    expect(notice.token).toBeUndefined();
    expect(notice.text).not.toContain(other);
  });

  it('refuses a used token, and the other tokens of the same user', async () => {
    const { email, token } = await userWithResetLink('replayed');
    await request(email).expect(202);
    const otherToken = await service.tokenTo(email, 'Reset');
    await confirm(token).expect(204);
    await confirm(token).expect(400, invalid);
    await confirm(otherToken, 'yet another password').expect(400, invalid);
    await signin(email, other).expect(200);
  });

  it('accepts only one of two simultaneous resets with different tokens', async () => {
    const { email, token } = await userWithResetLink('race');
    await request(email).expect(202);
    const tokens = [token, await service.tokenTo(email, 'Reset')];
    const answers = await Promise.all(tokens.map((one, n) => confirm(one, `password number ${n}`)));
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 400]);
    const winner = answers.findIndex(({ status }) => status === 204);
    await signin(email, `password number ${winner}`).expect(200);
    await signin(email, `password number ${1 - winner}`).expect(400);
  });

  it('keeps the password of only one of a simultaneous reset and change', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { email, browser, token } = await userWithResetLink(`against-${round}`);
      const [reset, changed] = await Promise.all([
        confirm(token, 'by the reset'),
        browser.put('/api/users/me/password').send({ currentPassword: password, password: 'by the change' }),
      ]);
      expect([204, 400]).toContain(reset.status);
      expect([204, 400, 401]).toContain(changed.status);
      const last = [await signin(email, 'by the reset'), await signin(email, 'by the change')];
      expect(last.map(({ status }) => status).sort()).toEqual([200, 400]);
      await signin(email, password).expect(400);
      // The session survives only if the change of password is what took effect last.
      const { body } = await browser.get('/api/users/currentuser').expect(200);
      expect(body.currentUser !== null).toBe(last[1]?.status === 200);
    }
  });

  it('S20 refuses a token from before a change of password', async () => {
    const { browser, token } = await userWithResetLink('remembered');
    const change = { currentPassword: password, password: other };
    await browser.put('/api/users/me/password').send(change).expect(204);
    await confirm(token, 'by the reset').expect(400, invalid);
  });

  it('refuses an expired and a guessed token', async () => {
    const { token } = await userWithResetLink('late');
    await confirm('a'.repeat(43)).expect(400, invalid);
    service.advance(hour);
    await confirm(token).expect(400, invalid);
  });

  it('refuses a verification token', async () => {
    await service.signedUp('crossed@example.com');
    await confirm(await service.tokenTo('crossed@example.com', 'Verify')).expect(400, invalid);
  });

  it('keeps the token valid if it refuses the password', async () => {
    const { token } = await userWithResetLink('short');
    const response = await confirm(token, 'short').expect(400);
    expect(response.body.errors).toEqual([
      { message: expect.any(String), code: expect.any(String), field: 'password' },
    ]);
    await confirm(token).expect(204);
  });

  it('refuses the token of a user who has been disabled since', async () => {
    const { email, token } = await userWithResetLink('shut-out');
    await service.users.updateOne({ email }, { disabled: true });
    await confirm(token).expect(400, invalid);
  });

  it('S49 S47 logs the event and its reason, without the token', async () => {
    const { token } = await userWithResetLink('logged');
    await confirm(token).expect(204);
    expect(service.logs).toContainEqual(
      expect.objectContaining({ event: 'password_changed', reason: 'reset', requestId: expect.any(String) }),
    );
    expect(JSON.stringify(service.logs)).not.toContain(token);
  });
});
