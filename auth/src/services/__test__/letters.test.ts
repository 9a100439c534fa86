import { password, useService } from '../../test/service';

// Mails wait until the worker is started: what they are about changes meanwhile.
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

/** Sends what waits, and answers the subjects of what came, by address. */
async function sent(): Promise<Record<string, string[]>> {
  service.worker?.start();
  await service.mailSettled();
  await service.worker?.stop();
  const subjects: Record<string, string[]> = {};
  for (const { to, subject } of service.inbox.mails.splice(0)) (subjects[to] ??= []).push(subject);
  return subjects;
}

const verify = 'Verify your e-mail address';
const notice = 'Your e-mail address is being changed';
const confirm = 'Confirm your new e-mail address';

describe('a mail says what is true when it is sent', () => {
  it('of an account that was disabled meanwhile, the owner is told of a change of address alone', async () => {
    const browser = await service.signedUp('shut@example.com');
    await change(browser, 'shut-new@example.com');
    await changePassword(browser);
    await service.api().post('/api/users/password-reset').send({ email: 'shut@example.com' }).expect(202);
    await disable('shut@example.com');
    expect(await sent()).toEqual({ 'shut@example.com': [notice] });
    expect(await service.mails.countDocuments({ status: 'pending' })).toBe(0);
  });

  it('none goes out for an account that was deleted meanwhile', async () => {
    const browser = await service.signedUp('gone@example.com');
    await change(browser, 'gone-new@example.com');
    await service.api().post('/api/users/password-reset').send({ email: 'gone@example.com' }).expect(202);
    await browser.delete('/api/users/me').send({ password }).expect(204);
    expect(await sent()).toEqual({});
  });

  it('none goes out to one who has come by the address meanwhile', async () => {
    const browser = await service.signedUp('first-owner@example.com');
    await changePassword(browser);
    await service.users.deleteOne({ email: 'first-owner@example.com' });
    await service.signedUp('first-owner@example.com');
    expect(await sent()).toEqual({ 'first-owner@example.com': [verify] });
  });

  it('of two addresses asked for, the last is asked to confirm; the old one is told of both', async () => {
    const browser = await service.signedUp('wavering@example.com');
    await sent();
    await change(browser, 'one@example.com');
    await change(browser, 'two@example.com');
    expect(await sent()).toEqual({
      'wavering@example.com': [notice, notice],
      'two@example.com': [confirm],
    });
  });

  it('of a change that was given up with the password, the old address is told all the same', async () => {
    const browser = await service.signedUp('frightened@example.com');
    await sent();
    await change(browser, 'never@example.com');
    await changePassword(browser);
    expect(await sent()).toEqual({ 'frightened@example.com': [notice, 'Your password was changed'] });
  });
});
