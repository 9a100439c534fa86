import { useService } from '../../../test/service';

// Mails wait until a test starts the worker, so that accounts can change before a mail is sent.
const service = useService({ mailing: 'waiting' });
type Browser = ReturnType<typeof service.browser>;

let admin: Browser;
beforeAll(async () => {
  admin = await service.signedUpAdmin('admin@example.com');
});

/** A new account, whose mails so far have been sent, and a function by which an admin changes it. */
async function account(name: string) {
  const email = `${name}@example.com`;
  await service.signedUp(email);
  await sent(email);
  const change = async (body: object): Promise<void> => {
    const { _id, version } = await service.users.findOne({ email }).lean().orFail();
    await admin
      .patch(`/api/users/${_id.toHexString()}`)
      .send({ ...body, version })
      .expect(200);
  };
  return { email, change };
}

/** Sends the pending mails, and returns those to an address. */
async function sent(email: string) {
  service.worker?.start();
  await service.mailSettled();
  await service.worker?.stop();
  return service.inbox.mails.splice(0).filter(({ to }) => to === email);
}

describe('the owner of an account is told by mail', () => {
  it('that an admin has changed the role, and which one it is now', async () => {
    const { email, change } = await account('promoted');
    await change({ role: 'admin' });
    const [mail, ...others] = await sent(email);
    expect(mail?.subject).toBe('The role of your account was changed');
    expect(mail?.text).toContain('The role is now "admin".');
    expect(others).toEqual([]);
    await change({ role: 'user' });
    expect((await sent(email))[0]?.text).toContain('The role is now "user".');
  });

  it('that an admin has disabled the account, and later that it was enabled', async () => {
    const { email, change } = await account('disabled');
    await change({ disabled: true });
    expect((await sent(email)).map(({ subject }) => subject)).toEqual(['Your account was disabled']);
    await change({ disabled: false });
    expect((await sent(email)).map(({ subject }) => subject)).toEqual(['Your account was enabled']);
  });

  it('of both changes of one request, even if the account is disabled', async () => {
    const { email, change } = await account('both');
    await change({ role: 'admin', disabled: true });
    const subjects = (await sent(email)).map(({ subject }) => subject);
    expect(subjects.sort()).toEqual(['The role of your account was changed', 'Your account was disabled']);
  });

  it('only of what is true when the mail is sent', async () => {
    const { email, change } = await account('briefly');
    await change({ disabled: true });
    await change({ disabled: false });
    expect((await sent(email)).map(({ subject }) => subject)).toEqual(['Your account was enabled']);
  });

  it('of nothing if nothing has changed', async () => {
    const { email, change } = await account('same');
    await change({ role: 'user', disabled: false });
    expect(await sent(email)).toEqual([]);
    expect(await service.mails.exists({ to: email, kind: 'role-changed' })).toBeNull();
  });
});
