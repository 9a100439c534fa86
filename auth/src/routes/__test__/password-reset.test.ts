import { tellable } from '../../test/answers';
import { hour, password, useService } from '../../test/service';

const service = useService();
const other = 'another good password';
const invalid = { errors: [{ message: 'Invalid or expired token', field: 'token' }] };
const request = (email: unknown) => service.api().post('/api/users/password-reset').send({ email });
const confirm = (token: unknown, secret: unknown = other) =>
  service.api().post('/api/users/password-reset/confirm').send({ token, password: secret });
const signin = (email: string, secret: string) =>
  service.api().post('/api/users/signin').send({ email, password: secret });

/** A new user, the browser that is signed in, and the token of a reset. */
async function forgetful(name: string) {
  const email = `${name}@example.com`;
  const browser = await service.signedUp(email);
  await request(email).expect(202);
  return { email, browser, token: await service.tokenTo(email, 'Reset') };
}

describe('POST /api/users/password-reset', () => {
  it('S9 answers the same to every address, and writes to the owner of an account only', async () => {
    await service.signedUp('known@example.com');
    await service.signedUp('shut@example.com');
    await service.users.updateOne({ email: 'shut@example.com' }, { disabled: true });
    const addresses = ['known@example.com', 'unknown@example.com', 'shut@example.com'];
    const answers = await Promise.all(addresses.map((email) => request(email)));
    const [first, ...rest] = answers.map(tellable);
    expect(first).toMatchObject({ status: 202, body: {} });
    for (const answer of rest) expect(answer).toEqual(first);
    await service.mailTo('known@example.com', 'Reset');
    await service.mailSettled();
    const uninvited = service.inbox.mails.filter(
      ({ to, subject }) =>
        ['unknown@example.com', 'shut@example.com'].includes(to) && subject.includes('Reset'),
    );
    expect(uninvited).toEqual([]);
  });

  it('S9 does the same work for every address: one write, and no look at the accounts', async () => {
    await service.signedUp('timed@example.com');
    await service.mailSettled();
    await service.worker?.stop();
    const find = jest.spyOn(service.users, 'findOne');
    const before = await service.mails.countDocuments();
    await request('timed@example.com').expect(202);
    await request('untimed@example.com').expect(202);
    const looks = find.mock.calls.length;
    const written = (await service.mails.countDocuments()) - before;
    find.mockRestore();
    service.worker?.start();
    expect({ looks, written }).toEqual({ looks: 0, written: 2 });
    await service.mailSettled();
    expect(await service.mails.exists({ to: 'untimed@example.com' })).toBeNull();
  });

  it('refuses what is no address, and none', async () => {
    for (const email of ['nonsense', '', undefined]) {
      const response = await request(email).expect(400);
      expect(response.body).toEqual({ errors: [{ message: 'Email must be valid', field: 'email' }] });
    }
  });
});

describe('POST /api/users/password-reset/confirm', () => {
  it('S31 sets the password, ends every session, verifies the address and tells the owner', async () => {
    const { email, browser, token } = await forgetful('reset');
    await confirm(token).expect(204, {});
    await browser.get('/api/users/currentuser').expect(200, { currentUser: null });
    await signin(email, password).expect(400);
    const response = await signin(email, other).expect(200);
    expect(response.body).toMatchObject({ emailVerified: true });
    const notice = await service.mailTo(email, 'was changed');
    expect(notice.token).toBeUndefined();
    expect(notice.text).not.toContain(other);
  });

  it('refuses a token that was used, and one whose sibling was', async () => {
    const { email, token } = await forgetful('replayed');
    await request(email).expect(202);
    const sibling = await service.tokenTo(email, 'Reset');
    await confirm(token).expect(204);
    await confirm(token).expect(400, invalid);
    await confirm(sibling, 'yet another password').expect(400, invalid);
    await signin(email, other).expect(200);
  });

  it('lets one of two at once win, with a token each', async () => {
    const { email, token } = await forgetful('race');
    await request(email).expect(202);
    const tokens = [token, await service.tokenTo(email, 'Reset')];
    const answers = await Promise.all(tokens.map((one, n) => confirm(one, `password number ${n}`)));
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 400]);
    const winner = answers.findIndex(({ status }) => status === 204);
    await signin(email, `password number ${winner}`).expect(200);
    await signin(email, `password number ${1 - winner}`).expect(400);
  });

  it('lets one of a reset and a change at once win', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { email, browser, token } = await forgetful(`against-${round}`);
      const [reset, changed] = await Promise.all([
        confirm(token, 'by the reset'),
        browser.put('/api/users/me/password').send({ currentPassword: password, password: 'by the change' }),
      ]);
      expect([204, 400]).toContain(reset.status);
      expect([204, 400, 401]).toContain(changed.status);
      const last = [await signin(email, 'by the reset'), await signin(email, 'by the change')];
      expect(last.map(({ status }) => status).sort()).toEqual([200, 400]);
      await signin(email, password).expect(400);
      // A change after which the reset was made, or the other way round, leaves no session from before.
      const { body } = await browser.get('/api/users/currentuser').expect(200);
      expect(body.currentUser !== null).toBe(last[1]?.status === 200);
    }
  });

  it('S20 ends with a change of password', async () => {
    const { browser, token } = await forgetful('remembered');
    const change = { currentPassword: password, password: other };
    await browser.put('/api/users/me/password').send(change).expect(204);
    await confirm(token, 'by the reset').expect(400, invalid);
  });

  it('refuses a token that has expired, and one that is guessed', async () => {
    const { token } = await forgetful('late');
    await confirm('a'.repeat(43)).expect(400, invalid);
    service.advance(hour);
    await confirm(token).expect(400, invalid);
  });

  it('refuses the token of another purpose', async () => {
    await service.signedUp('crossed@example.com');
    await confirm(await service.tokenTo('crossed@example.com', 'Verify')).expect(400, invalid);
  });

  it('leaves the token whole where the password is refused', async () => {
    const { token } = await forgetful('short');
    const response = await confirm(token, 'short').expect(400);
    expect(response.body.errors).toEqual([{ message: expect.any(String), field: 'password' }]);
    await confirm(token).expect(204);
  });

  it('refuses the token of a user who was disabled meanwhile', async () => {
    const { email, token } = await forgetful('shut-out');
    await service.users.updateOne({ email }, { disabled: true });
    await confirm(token).expect(400, invalid);
  });

  it('S49 S47 is logged as who did what, without the token', async () => {
    const { token } = await forgetful('logged');
    await confirm(token).expect(204);
    expect(service.logs).toContainEqual(
      expect.objectContaining({ event: 'password_changed', reason: 'reset', requestId: expect.any(String) }),
    );
    expect(JSON.stringify(service.logs)).not.toContain(token);
  });
});
