import { deleteEnded } from '../../../models/ended-documents';
import { operator } from '../../../services/caller';
import { password, useService } from '../../../test/service';

const service = useService();
type Browser = ReturnType<typeof service.browser>;

const invalid = { errors: [{ message: 'Invalid or expired token', code: 'invalid_token', field: 'token' }] };
const inUse = { errors: [{ message: 'Email in use', code: 'email_in_use', field: 'token' }] };
const [closedMail, backMail] = ['Your account was closed', 'Your account is back'];
const stored = (email: string) => service.users.findOne({ email }).lean().orFail();
const confirm = (token: string) =>
  service.api().post('/api/users/email-verification/confirm').send({ token, password });
const reset = (token: string, secret: string) =>
  service.api().post('/api/users/password-reset/confirm').send({ token, password: secret });
const signin = (email: string, secret = password) =>
  service.api().post('/api/users/signin').send({ email, password: secret });
const close = (browser: Browser) => browser.delete('/api/users/me').send({ password }).expect(204);
const change = (browser: Browser, email: string) =>
  browser.put('/api/users/me/email').send({ email, password }).expect(202);

let admin: Browser;
beforeAll(async () => {
  admin = await service.signedUpAdmin('admin@example.com');
});

/** A new account that was closed at once, and the token that brings it back. */
async function closed(name: string) {
  const email = `${name}@example.com`;
  const browser = await service.signedUp(email);
  const { _id } = await stored(email);
  await service.mailTo(email, 'Verify');
  await close(browser);
  return { email, _id, id: _id.toHexString(), token: await service.tokenTo(email, closedMail) };
}

describe('the link in the mail about a closed account', () => {
  it('brings the account back as it was, but with no session, link or password of before', async () => {
    const email = 'back@example.com';
    const browser = await service.signedUp(email);
    await confirm(await service.tokenTo(email, 'Verify')).expect(200);
    await service.users.updateOne({ email }, { role: 'admin' });
    const { version } = await stored(email);
    const named = await browser.patch('/api/users/me').send({ name: 'Ada', version }).expect(200);
    await service.api().post('/api/users/password-reset').send({ email }).expect(202);
    const oldReset = await service.tokenTo(email, 'Reset');
    const elsewhere = service.browser();
    await elsewhere.post('/api/users/signin').send({ email, password }).expect(200);
    await close(browser);

    await signin(email).expect(400);
    await reset(oldReset, password).expect(400, invalid);
    const mail = await service.mailTo(email, closedMail);
    expect(mail.link).toMatch(/^http:\/\/localhost:3000\/email-verification#token=[\w-]{43}$/);
    const { body } = await confirm(mail.token ?? '').expect(200);
    const { id, createdAt } = named.body;
    const kept = { id, createdAt, email, role: 'admin', emailVerified: true, name: 'Ada' };
    expect(body).toEqual({ ...kept, updatedAt: expect.any(String), version: Number(named.body.version) + 1 });

    await signin(email).expect(400);
    await elsewhere.get('/api/users/currentuser').expect(200, { currentUser: null });
    await reset(oldReset, password).expect(400, invalid);
    await reset(await service.tokenTo(email, backMail), 'what the owner sets').expect(204);
    await signin(email, 'what the owner sets').expect(200);
    await service.users.deleteOne({ email });
  });

  it('does not verify an address that was not verified', async () => {
    const { token } = await closed('unverified');
    expect((await confirm(token).expect(200)).body).toMatchObject({ emailVerified: false });
  });

  it('works once, and not after the account is closed again', async () => {
    const { email, token } = await closed('again');
    const statuses = (await Promise.all([confirm(token), confirm(token)])).map(({ status }) => status);
    expect(statuses).toEqual([200, 200]);
    await reset(await service.tokenTo(email, backMail), password).expect(204);
    const browser = service.browser();
    await browser.post('/api/users/signin').send({ email, password }).expect(200);
    await close(browser);
    await confirm(token).expect(400, invalid);
    await confirm(await service.tokenTo(email, closedMail)).expect(200);
  });
});

describe('the address of a closed account', () => {
  it('is free at once; a new account that has not verified it gives way', async () => {
    const { email, _id, token } = await closed('squatted');
    const squatter = await service.signedUp(email);
    expect((await stored(email))._id).not.toEqual(_id);
    await confirm(token).expect(200);
    expect((await stored(email))._id).toEqual(_id);
    await squatter.get('/api/users/currentuser').expect(200, { currentUser: null });
  });

  it.each([
    ['has verified it', { emailVerified: true }],
    ['is disabled', { disabled: true }],
    ['is an admin', { role: 'admin' as const }],
  ])('stays with a new account that %s', async (what, state) => {
    const { email, _id, token } = await closed(`kept-${what.replaceAll(' ', '-')}`);
    await service.signedUp(email);
    await service.users.updateOne({ email }, state);
    await service.mailSettled();
    const before = await service.everything();
    await confirm(token).expect(400, inUse);
    expect(await service.everything()).toEqual(before);
    await service.users.deleteOne({ email });
    await confirm(token).expect(200);
    expect((await stored(email))._id).toEqual(_id);
  });
});

describe('the undo link of an account that a thief has moved and closed', () => {
  /** The thief's address is confirmed and the account closed. The owner has read the mail with the undo link. */
  async function stolenAndClosed(name: string) {
    const [owner, thief] = [`${name}@example.com`, `${name}-thief@example.com`];
    const browser = await service.signedUp(owner);
    const { _id } = await stored(owner);
    await service.mailTo(owner, 'Verify');
    await change(browser, thief);
    const undoToken = await service.tokenTo(owner, 'being changed');
    await confirm(await service.tokenTo(thief, 'Confirm')).expect(200);
    await close(browser);
    return { owner, thief, _id, undoToken, thiefToken: await service.tokenTo(thief, closedMail) };
  }

  it('brings the account back with the address of the owner, and ends what the thief has', async () => {
    const { owner, thief, _id, undoToken, thiefToken } = await stolenAndClosed('robbed');
    await service.signedUp(owner);
    await service.signedUp(thief);
    await service.users.updateOne({ email: thief }, { emailVerified: true });
    expect((await confirm(undoToken).expect(200)).body).toMatchObject({ email: owner });
    expect(await stored(owner)).toMatchObject({ _id });
    await confirm(thiefToken).expect(400, invalid);
    await signin(owner).expect(400);
    await reset(await service.tokenTo(owner, 'Reset'), 'what the owner sets').expect(204);
    await signin(owner, 'what the owner sets').expect(200);
  });

  it('ends the link of the thief also for the next time that the account is closed', async () => {
    const { owner, _id, undoToken, thiefToken } = await stolenAndClosed('wary');
    await confirm(undoToken).expect(200);
    await reset(await service.tokenTo(owner, 'Reset'), password).expect(204);
    const browser = service.browser();
    await browser.post('/api/users/signin').send({ email: owner, password }).expect(200);
    await close(browser);
    await confirm(thiefToken).expect(400, invalid);
    expect(await service.users.exists({ _id })).toBeNull();
    await confirm(await service.tokenTo(owner, closedMail)).expect(200);
  });

  it('works after the thief has brought the account back', async () => {
    const { owner, thief, undoToken, thiefToken } = await stolenAndClosed('returned');
    await confirm(thiefToken).expect(200);
    const thiefReset = await service.tokenTo(thief, backMail);
    expect((await confirm(undoToken).expect(200)).body).toMatchObject({ email: owner });
    await reset(thiefReset, password).expect(400, invalid);
  });

  it('is sent even if the account is closed before', async () => {
    const email = 'hasty@example.com';
    const browser = await service.signedUp(email);
    await service.mailSettled();
    await service.worker?.stop();
    await change(browser, 'hasty-thief@example.com');
    await close(browser);
    service.worker?.start();
    await service.mailTo(email, closedMail);
    await confirm(await service.tokenTo(email, 'being changed')).expect(200);
    await service.mailSettled();
    expect(service.inbox.mails.filter(({ to }) => to === 'hasty-thief@example.com')).toEqual([]);
  });
});

describe('closing an account', () => {
  it('changes nothing if an admin disables the account meanwhile', async () => {
    const email = 'disabled@example.com';
    const browser = await service.signedUp(email);
    const match = service.passwords.match.bind(service.passwords);
    jest.spyOn(service.passwords, 'match').mockImplementationOnce(async (...args) => {
      await service.users.updateOne({ email }, { disabled: true });
      return match(...args);
    });
    await browser.delete('/api/users/me').send({ password }).expect(400);
    expect(await stored(email)).toMatchObject({ disabled: true });
  });

  it('keeps the links that bring it back, even if what it ends is deleted by another process', async () => {
    const email = 'crashed@example.com';
    const browser = await service.signedUp(email);
    const { _id } = await stored(email);
    const exists = jest.spyOn(service.closedAccounts, 'exists').mockImplementationOnce(() => {
      throw new Error('crashed');
    });
    await close(browser);
    exists.mockRestore();
    const entry = await service.cleanups.findOne({ closed: _id }).lean().orFail();
    // The previous version of the service deletes everything of a `user` whom it does not find.
    expect(entry).not.toHaveProperty('user');
    const token = await service.tokenTo(email, closedMail);
    expect(await service.sessions.countDocuments({ user: _id })).toBe(1);
    await service.mailSettled();
    expect(await deleteEnded(service, entry, 100)).toBe(false);
    expect(await service.sessions.countDocuments({ user: _id })).toBe(0);
    await confirm(token).expect(200);
  });

  it('deletes what it ends and keeps no password', async () => {
    const { _id } = await closed('sealed');
    const { user } = await service.closedAccounts.findById(_id).lean().orFail();
    expect(user).toMatchObject({ email: 'sealed@example.com', role: 'user' });
    expect(await service.passwords.compare(user.password, password, operator())).toBe(false);
    expect(await service.sessions.countDocuments({ user: _id })).toBe(0);
    expect(await service.emailLinks.distinct('purpose', { user: _id })).toEqual(['account-reopening']);
    expect(await service.mails.distinct('kind', { user: _id })).toEqual(['account-closed']);
  });
});

describe('DELETE /api/users/:id', () => {
  it('deletes an account for good', async () => {
    const email = 'deleted@example.com';
    const browser = await service.signedUp(email);
    const { _id } = await stored(email);
    await change(browser, 'deleted-new@example.com');
    const undoToken = await service.tokenTo(email, 'being changed');
    await admin.delete(`/api/users/${_id.toHexString()}`).expect(204);
    await confirm(undoToken).expect(400, invalid);
    expect(await service.closedAccounts.exists({ _id })).toBeNull();
    await service.mailSettled();
    expect(service.inbox.mails.filter(({ to, subject }) => to === email && subject === closedMail)).toEqual(
      [],
    );
  });

  it('deletes a closed account for good', async () => {
    const { id, token } = await closed('deleted-later');
    await admin.delete(`/api/users/${id}`).expect(204);
    await confirm(token).expect(400, invalid);
    expect(JSON.stringify(await service.everything())).not.toContain(id);
    await admin.delete(`/api/users/${id}`).expect(404);
  });
});
