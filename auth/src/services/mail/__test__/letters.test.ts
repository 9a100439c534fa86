import { password, useService } from '../../../test/service';

// Mails wait until a test starts the worker, so that accounts can change before a mail is sent.
const service = useService({ mailing: 'waiting' });
type Browser = ReturnType<typeof service.browser>;

const change = (browser: Browser, email: string) =>
  browser.put('/api/users/me/email').send({ email, password }).expect(202);
const changePassword = (browser: Browser) =>
  browser
    .put('/api/users/me/password')
    .send({ currentPassword: password, password: 'another good password' })
    .expect(204);
const disable = (email: string) => service.users.updateOne({ email }, { disabled: true });

/** Sends the pending mails, in no certain order, and returns the subjects received per address, sorted. */
async function sendPending(): Promise<Record<string, string[]>> {
  service.worker?.start();
  await service.mailSettled();
  await service.worker?.stop();
  const subjects: Record<string, string[]> = {};
  for (const { to, subject } of service.inbox.mails.splice(0)) (subjects[to] ??= []).push(subject);
  for (const list of Object.values(subjects)) list.sort();
  return subjects;
}

const verify = 'Verify your e-mail address';
const notice = 'Your e-mail address is being changed';
const confirm = 'Confirm your new e-mail address';

describe('the mails for an account', () => {
  it('include only the notice of a change of address if the account is disabled before they are sent', async () => {
    const browser = await service.signedUp('shut@example.com');
    await change(browser, 'shut-new@example.com');
    await changePassword(browser);
    await service.api().post('/api/users/password-reset').send({ email: 'shut@example.com' }).expect(202);
    await disable('shut@example.com');
    expect(await sendPending()).toEqual({ 'shut@example.com': [notice] });
    expect(await service.mails.countDocuments({ status: 'pending' })).toBe(0);
  });

  it.each([
    // Both have links that bring a closed account back.
    ['closed', { 'closed@example.com': ['Your account was closed', notice] }],
    ['deleted', {}],
  ])('are not sent if the account is %s before', async (end, expected) => {
    const email = `${end}@example.com`;
    const browser = await service.signedUp(email);
    await change(browser, `${end}-new@example.com`);
    await service.api().post('/api/users/password-reset').send({ email }).expect(202);
    if (end === 'closed') await browser.delete('/api/users/me').send({ password }).expect(204);
    else await service.users.deleteOne({ email });
    expect(await sendPending()).toEqual(expected);
  });

  it('are not sent if another account has the address by then', async () => {
    const browser = await service.signedUp('first-owner@example.com');
    await changePassword(browser);
    await service.users.deleteOne({ email: 'first-owner@example.com' });
    await service.signedUp('first-owner@example.com');
    expect(await sendPending()).toEqual({ 'first-owner@example.com': [verify] });
  });

  it('ask only the last of two requested addresses to confirm, and tell the old address once while the mail waits', async () => {
    const browser = await service.signedUp('wavering@example.com');
    await sendPending();
    await change(browser, 'one@example.com');
    await change(browser, 'two@example.com');
    expect(await sendPending()).toEqual({
      'wavering@example.com': [notice],
      'two@example.com': [confirm],
    });
  });

  it('tell the old address of a change even if a new password has cancelled it', async () => {
    const browser = await service.signedUp('frightened@example.com');
    await sendPending();
    await change(browser, 'never@example.com');
    await changePassword(browser);
    expect(await sendPending()).toEqual({ 'frightened@example.com': [notice, 'Your password was changed'] });
  });

  it('do not contain the name of the account, because a stranger may have chosen it', async () => {
    const stranger = { email: 'target@example.com', password, name: 'Ada, win at https://prize.example' };
    await service.api().post('/api/users/signup').send(stranger).expect(201);
    service.worker?.start();
    const { text, html } = await service.mailTo('target@example.com', verify);
    await service.worker?.stop();
    expect(text).toContain('Hello,');
    expect(text + html).not.toMatch(/Ada|prize/);
  });
});
