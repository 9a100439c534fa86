import { mongo } from 'mongoose';
import { accountLinks } from '../../../models/account-events';
import { password, useService } from '../../../test/service';

const service = useService();
type Browser = ReturnType<typeof service.browser>;

const invalid = { errors: [{ message: 'Invalid or expired token', code: 'invalid_token', field: 'token' }] };
const inUse = { errors: [{ message: 'Email in use', code: 'email_in_use', field: 'token' }] };
const stored = (email: string) => service.users.findOne({ email }).lean().orFail();
const confirm = (token: string) =>
  service.api().post('/api/users/email-verification/confirm').send({ token, password });
const change = (browser: Browser, email: string) =>
  browser.put('/api/users/me/email').send({ email, password }).expect(202);
const requestReset = (email: string) =>
  service.api().post('/api/users/password-reset').send({ email }).expect(202);
const reset = (token: string, secret: string) =>
  service.api().post('/api/users/password-reset/confirm').send({ token, password: secret });
const signin = (email: string, secret = password) =>
  service.api().post('/api/users/signin').send({ email, password: secret });

const deletionsOf = (id: { toHexString: () => string }) =>
  service.logs.filter(({ event, userId }) => event === 'user_deleted' && userId === id.toHexString());

/** An account whose address a thief, who knows the password, has changed to another one. */
async function stolen(name: string) {
  const [owner, thief] = [`${name}@example.com`, `${name}-thief@example.com`];
  const browser = await service.signedUp(owner);
  await service.mailTo(owner, 'Verify');
  await change(browser, thief);
  const undoToken = await service.tokenTo(owner, 'being changed');
  await confirm(await service.tokenTo(thief, 'Confirm')).expect(200);
  return { owner, thief, browser, undoToken };
}

describe('the undo link of the owner', () => {
  it('works after the thief has used another undo link, and revokes all that the thief has', async () => {
    const { owner, thief, browser, undoToken } = await stolen('robbed');
    await change(browser, 'robbed-next@example.com');
    await confirm(await service.tokenTo(thief, 'being changed')).expect(200);
    await reset(await service.tokenTo(thief, 'Reset'), 'what the thief sets').expect(204);
    const thiefBrowser = service.browser();
    await thiefBrowser
      .post('/api/users/signin')
      .send({ email: thief, password: 'what the thief sets' })
      .expect(200);
    await thiefBrowser
      .put('/api/users/me/email')
      .send({ email: 'robbed-last@example.com', password: 'what the thief sets' })
      .expect(202);
    const thiefUndoToken = await service.tokenTo(thief, 'being changed');
    await requestReset(thief);
    const thiefResetToken = await service.tokenTo(thief, 'Reset');

    expect((await confirm(undoToken).expect(200)).body).toMatchObject({ email: owner });
    await confirm(thiefUndoToken).expect(400, invalid);
    await reset(thiefResetToken, 'what the thief sets').expect(400, invalid);
    await thiefBrowser.get('/api/users/currentuser').expect(200, { currentUser: null });
    for (const email of [owner, thief]) await signin(email, 'what the thief sets').expect(400);
    await reset(await service.tokenTo(owner, 'Reset'), 'what the owner sets').expect(204);
    await signin(owner, 'what the owner sets').expect(200);
  });

  it("revokes the thief's undo link", async () => {
    const { owner, thief, browser, undoToken } = await stolen('before');
    await change(browser, 'before-next@example.com');
    const thiefUndoToken = await service.tokenTo(thief, 'being changed');
    await confirm(undoToken).expect(200);
    await confirm(thiefUndoToken).expect(400, invalid);
    expect((await stored(owner)).email).toBe(owner);
  });

  it("cancels the thief's undo mail if it has not been sent yet", async () => {
    const { thief, browser, undoToken } = await stolen('waiting');
    await service.mailSettled();
    await service.worker?.stop();
    await change(browser, 'waiting-next@example.com');
    await confirm(undoToken).expect(200);
    service.worker?.start();
    await service.mailSettled();
    const received = service.inbox.mails.filter(({ to }) => [thief, 'waiting-next@example.com'].includes(to));
    expect(received).toMatchObject([{ to: thief, subject: 'A change of address was undone' }]);
    expect(received[0]?.token).toBeUndefined();
  });
});

it('S60 an account keeps the last 20 undone changes, and one count for each purpose of links', async () => {
  const { owner, thief, undoToken } = await stolen('often-undone');
  const dates = { fromDate: new Date(0), toDate: new Date(0) };
  const undone = Array.from({ length: 20 }, () => ({ from: 0, to: 0, ...dates }));
  await service.users.updateOne({ email: thief }, { $set: { undone } });
  await confirm(undoToken).expect(200);
  const account = await stored(owner);
  expect(account.undone).toHaveLength(20);
  expect(account.undone?.at(-1)).toMatchObject({ from: 1 });
  expect([...accountLinks, 'devices']).toEqual(expect.arrayContaining(Object.keys(account.ended ?? {})));
});

describe('the undo link to an address that another account has now', () => {
  it('removes that account if it has not verified the address', async () => {
    const { owner, thief, undoToken } = await stolen('squatted');
    const { _id } = await stored(thief);
    const squatter = await service.signedUp(owner);
    const squatterAccount = await stored(owner);
    await confirm(undoToken).expect(200);
    expect((await stored(owner))._id).toEqual(_id);
    expect(await service.users.exists({ _id: squatterAccount._id })).toBeNull();
    expect(await service.sessions.countDocuments({ user: squatterAccount._id })).toBe(0);
    await squatter.get('/api/users/currentuser').expect(200, { currentUser: null });
    expect(await service.mailTo(owner, 'with your address was deleted')).not.toHaveProperty('token');
    expect(await service.mailTo(thief, 'was undone')).not.toHaveProperty('token');
    expect(deletionsOf(squatterAccount._id)).toMatchObject([
      { by: _id.toHexString(), reason: 'address restored' },
    ]);
  });

  it('S49 has the removal in the log once it is committed, and once', async () => {
    const { owner, undoToken } = await stolen('rolled-back');
    await service.signedUp(owner);
    const squatter = await stored(owner);
    const fails = jest.spyOn(service.mails, 'addOrRenew').mockRejectedValueOnce(new Error('disk full'));
    await confirm(undoToken).expect(500);
    expect(deletionsOf(squatter._id)).toEqual([]);
    const conflict = new mongo.MongoServerError({ message: 'WriteConflict', code: 112 });
    conflict.addErrorLabel('TransientTransactionError');
    fails.mockRejectedValueOnce(conflict);
    await confirm(undoToken).expect(200);
    fails.mockRestore();
    expect(deletionsOf(squatter._id)).toHaveLength(1);
  });

  it('S49 is refused while an admin has disabled that account, and that is in the log', async () => {
    const { owner, thief, undoToken } = await stolen('kept-by-an-admin');
    await service.signedUp(owner);
    await service.users.updateOne({ email: owner }, { disabled: true });
    const lines = service.logs.length;
    await confirm(undoToken).expect(400, inUse);
    const { _id, disabled } = await stored(owner);
    expect(disabled).toBe(true);
    const refusals = service.logs.slice(lines).filter(({ event }) => event === 'email_refused');
    const userId = (await stored(thief))._id.toHexString();
    const reason = 'email-change-undo';
    expect(refusals).toMatchObject([{ level: 'warn', userId, by: _id.toHexString(), disabled, reason }]);
    expect(JSON.stringify(refusals)).not.toContain('@');
  });

  it('is refused while that account has verified the address, and works once it is closed', async () => {
    const { owner, undoToken } = await stolen('passed-on');
    const holder = await service.signedUp(owner);
    await confirm(await service.tokenTo(owner, 'Verify')).expect(200);
    await confirm(undoToken).expect(400, inUse);
    await holder.delete('/api/users/me').send({ password }).expect(204);
    await confirm(undoToken).expect(200);
  });

  it('is refused while that account is an admin, verified or not', async () => {
    const { owner, undoToken } = await stolen('promoted');
    await service.signedUpAdmin(owner);
    await confirm(undoToken).expect(400, inUse);
    expect(await stored(owner)).toMatchObject({ role: 'admin', emailVerified: false });
  });
});

describe('disabling and enabling an account', () => {
  let admin: Browser;
  beforeAll(async () => {
    admin = await service.signedUpAdmin('admin@example.com');
  });
  const setDisabled = async (email: string, disabled: boolean) => {
    const { _id, version } = await stored(email);
    await admin.patch(`/api/users/${_id.toHexString()}`).send({ disabled, version }).expect(200);
  };

  it('keeps its undo link, which is refused while the account is disabled', async () => {
    const { owner, thief, undoToken } = await stolen('frozen');
    await setDisabled(thief, true);
    await confirm(undoToken).expect(400, invalid);
    await setDisabled(thief, false);
    expect((await confirm(undoToken).expect(200)).body).toMatchObject({ email: owner });
  });

  it('revokes its verification and reset links', async () => {
    const email = 'shut@example.com';
    await service.signedUp(email);
    await requestReset(email);
    const verification = await service.tokenTo(email, 'Verify');
    const resetting = await service.tokenTo(email, 'Reset');
    await setDisabled(email, true);
    await setDisabled(email, false);
    await confirm(verification).expect(400, invalid);
    await reset(resetting, password).expect(400, invalid);
  });
});
