import { comparable } from '../../../test/responses';
import { password, useService } from '../../../test/service';

const service = useService({ signupMode: 'verify-first', rates: { tokenNetwork: '30/15m' } });
const signup = (body: object) => service.api().post('/api/users/signup').send(body);
const confirm = (token: string, secret = password, body: object = {}) =>
  service
    .api()
    .post('/api/users/email-verification/confirm')
    .send({ ...body, token, password: secret });
const decline = (token: string) =>
  service.api().post('/api/users/email-verification/decline').send({ token });
const invalid = { errors: [{ message: 'Invalid or expired token', code: 'invalid_token', field: 'token' }] };
const another = 'another good password';
const signin = (email: string, secret = password) =>
  service.api().post('/api/users/signin').send({ email, password: secret });

/** Signs a user up and verifies the address. */
async function verifiedUser(email: string): Promise<void> {
  await signup({ email, password }).expect(202);
  await confirm(await service.tokenTo(email, 'Verify')).expect(200);
}

describe('POST /api/users/signup with SIGNUP_MODE=verify-first', () => {
  it('creates the account once the address is verified, and not before', async () => {
    const email = 'new@example.com';
    const response = await signup({ email, password: another }).expect(202);
    expect(response.body).toEqual({});
    expect(response.get('Set-Cookie')).toBeUndefined();
    await signin(email).expect(400);
    expect(await service.users.exists({ email })).toBeNull();
    const opened = await confirm(await service.tokenTo(email, 'Verify'), password, { name: 'Ada' }).expect(
      200,
    );
    expect(opened.body).toMatchObject({ email, name: 'Ada', role: 'user', emailVerified: true, version: 0 });
    await signin(email, another).expect(400);
    await signin(email).expect(200);
  });

  it('F9 takes null for no name', async () => {
    const email = 'nobody@example.com';
    await signup({ email, password, name: null }).expect(202);
    const opened = await confirm(await service.tokenTo(email, 'Verify'), password, { name: null }).expect(
      200,
    );
    expect(opened.body).not.toHaveProperty('name');
    expect(await service.users.findOne({ email }).lean()).not.toHaveProperty('name');
  });

  it('S9 gives new and existing addresses the same response after the same work, and tells the owner', async () => {
    await verifiedUser('existing@example.com');
    await service.worker?.stop();
    const hash = jest.spyOn(service.passwords, 'toHash');
    const find = jest.spyOn(service.users, 'findOne');
    const answers = [
      await signup({ email: 'existing@example.com', password: 'another good password' }),
      await signup({ email: 'fresh@example.com', password: 'another good password' }),
    ];
    const work = { hashes: hash.mock.calls.length, queries: find.mock.calls.length };
    hash.mockRestore();
    find.mockRestore();
    service.worker?.start();
    expect(work).toEqual({ hashes: 0, queries: 0 });
    const [existing, fresh] = answers.map(comparable);
    expect(existing).toEqual(fresh);
    const notice = await service.mailTo('existing@example.com', 'an account already');
    expect(notice.token).toBeUndefined();
    await service.mailTo('fresh@example.com', 'Verify');
    await signin('existing@example.com').expect(200);
    await signin('existing@example.com', 'another good password').expect(400);
  });

  it('creates one account if two sign-ups for an address are confirmed at once', async () => {
    const email = 'both@example.com';
    await signup({ email, password }).expect(202);
    const first = await service.tokenTo(email, 'Verify');
    await signup({ email, password: 'another good password' }).expect(202);
    const tokens = [first, await service.tokenTo(email, 'Verify')];
    const answers = await Promise.all(tokens.map((token) => confirm(token)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400]);
    expect(await service.users.countDocuments({ email })).toBe(1);
  });

  it('S62 stores no password, so that nobody else can choose the one of the account', async () => {
    const email = 'contested@example.com';
    await signup({ email, password: another }).expect(202);
    const token = await service.tokenTo(email, 'Verify');
    for (const stored of await service.everything()) expect(JSON.stringify(stored)).not.toContain(another);
    await confirm(token).expect(200);
    await signin(email, another).expect(400);
    await signin(email).expect(200);
  });

  it('asks for a password that the rules accept, and keeps the token valid', async () => {
    const email = 'choosing@example.com';
    await signup({ email, password }).expect(202);
    const token = await service.tokenTo(email, 'Verify');
    const bare = await service
      .api()
      .post('/api/users/email-verification/confirm')
      .send({ token })
      .expect(400);
    expect(bare.body.errors).toEqual([
      { message: 'You must supply a password', code: 'password_required', field: 'password' },
    ]);
    const short = await confirm(token, 'short').expect(400);
    expect(short.body.errors).toEqual([
      {
        message: 'Password must be between 8 and 128 characters',
        code: 'password_length',
        field: 'password',
      },
    ]);
    await confirm(token, '\ud800'.repeat(8)).expect(400);
    await confirm(token).expect(200);
  });

  it('S44 counts no wrong token where the password is yet to be chosen, also once the link is used', async () => {
    const email = 'token-first@example.com';
    await signup({ email, password }).expect(202);
    const token = await service.tokenTo(email, 'Verify');
    const bare = () =>
      service
        .api()
        .post('/api/users/email-verification/confirm')
        .set('X-Forwarded-For', '192.0.2.77')
        .send({ token });
    const ask = async (): Promise<void> => {
      for (let n = 0; n < 31; n += 1) expect((await bare()).body.errors[0].code).toBe('password_required');
    };
    await ask();
    await confirm(token).expect(200);
    await ask();
  });

  it('F17 answers a double click the same, and refuses the used token with another password', async () => {
    const email = 'twice@example.com';
    await signup({ email, password }).expect(202);
    const token = await service.tokenTo(email, 'Verify');
    const first = await confirm(token).expect(200);
    const second = await confirm(token).expect(200);
    expect(second.body).toEqual(first.body);
    await confirm(token, another).expect(400, invalid);
    // Ten minutes later. The clock stays: a cleanup compares it with that of the database.
    await service.usedLinks.updateMany({}, { expiresAt: new Date(0) });
    await confirm(token).expect(400, invalid);
  });

  it('creates no account with a token that was declined, and accepts the decline again', async () => {
    const email = 'declined@example.com';
    await signup({ email, password }).expect(202);
    const token = await service.tokenTo(email, 'Verify');
    await decline(token).expect(204);
    await decline(token).expect(204);
    await confirm(token).expect(400, invalid);
    expect(await service.users.exists({ email })).toBeNull();
  });

  it('refuses all other sign-up tokens once the account is created, even after it is closed', async () => {
    const email = 'once@example.com';
    const tokens: string[] = [];
    for (const secret of [password, another, password]) {
      await signup({ email, password: secret }).expect(202);
      tokens.push(await service.tokenTo(email, 'Verify'));
    }
    const [used = '', ...others] = tokens;
    await confirm(used).expect(200);
    expect(await service.emailLinks.exists({ email, purpose: 'signup' })).toBeNull();
    for (const other of others) await confirm(other).expect(400, invalid);
    const browser = service.browser();
    await browser.post('/api/users/signin').send({ email, password }).expect(200);
    await browser.delete('/api/users/me').send({ password }).expect(204);
    for (const old of [used, ...others]) await confirm(old).expect(400, invalid);
    await service.mailTo(email, 'closed');
    expect(await service.emailLinks.distinct('purpose', { email })).toEqual(['account-reopening']);
  });

  it('S9 gives a disabled account the same response, and sends no mail', async () => {
    const email = 'shut@example.com';
    await verifiedUser(email);
    await service.users.updateOne({ email }, { disabled: true });
    await signup({ email, password }).expect(202, {});
    await service.mailSettled();
    expect(service.inbox.mails.filter(({ to }) => to === email)).toEqual([]);
  });

  it('S5 ignores fields that a sign-up may not set', async () => {
    const email = 'greedy@example.com';
    const extraFields = { role: 'admin', disabled: true, _id: '0'.repeat(24), version: 7, extra: 'x' };
    await signup({ ...extraFields, email, password }).expect(202);
    await confirm(await service.tokenTo(email, 'Verify')).expect(200);
    const stored = await service.users.findOne({ email }).lean();
    expect(stored).toMatchObject({ role: 'user', disabled: false, version: 0 });
    expect(stored?._id.toHexString()).not.toBe('0'.repeat(24));
    expect(stored).not.toHaveProperty('extra');
  });

  it('refuses invalid input with 400', async () => {
    const response = await signup({ email: 'nonsense', password: 'short' }).expect(400);
    expect(response.body.errors.map(({ field }: { field: string }) => field)).toEqual(['email', 'password']);
  });
});
