import { until } from '../test/process';
import { password, useService } from '../test/service';

/** What a newer version of the service stores, this one leaves as it is. */
const service = useService();
type Browser = ReturnType<typeof service.browser>;

const newPassword = 'another good password';
const newerRole = 'auditor';
let admin: Browser;
beforeAll(async () => {
  admin = await service.signedUpAdmin('admin@example.com');
});

const stored = async (email: string) =>
  (await service.users.findOne({ email }).lean().orFail()) as { role: string };

describe('R15 beside a newer version, a mail of a kind that this one does not know', () => {
  /** A new account for which a newer version has queued a mail. */
  async function accountWithMail(name: string) {
    const email = `${name}@example.com`;
    await service.signedUp(email);
    await service.mailTo(email);
    const { _id: user, version } = await service.users.findOne({ email }).lean().orFail();
    const due = new Date('2020-01-01');
    const queued = { status: 'pending', attempts: 0, dueAt: due, createdAt: due };
    const mail = { kind: 'new-device', to: email, user, ...queued };
    await service.mails.collection.insertOne(mail, { bypassDocumentValidation: true });
    const isStored = async (): Promise<void> => {
      expect(await service.mails.collection.findOne({ user, kind: mail.kind })).toEqual(mail);
    };
    return { email, user, version, isStored, path: `/api/users/${user.toHexString()}` };
  }

  it('is left alone, and stops no other mail', async () => {
    const { email, isStored } = await accountWithMail('mailed');
    await service.api().post('/api/users/password-reset').send({ email }).expect(202);
    await service.mailTo(email, 'Reset');
    await isStored();
    expect(service.logs.filter(({ event }) => event === 'outbox_not_read')).toEqual([]);
  });

  it('is left alone by what ends the mails of its account', async () => {
    const { path, version, isStored } = await accountWithMail('disabled');
    await admin.patch(path).send({ disabled: true, version }).expect(200);
    await until(async () => (await service.cleanups.countDocuments()) === 0);
    await isStored();
  });

  it('goes with its account', async () => {
    const { path, user } = await accountWithMail('gone');
    await admin.delete(path).expect(204);
    await until(async () => (await service.mails.collection.countDocuments({ user })) === 0);
  });
});

describe('R15 beside a newer version, a user with a role that this one does not know', () => {
  beforeAll(async () => {
    const database = service.connection.db;
    const { validator } = (await service.users.collection.options()) as { validator: Validator };
    validator.$jsonSchema.properties.role.enum.push(newerRole);
    await database?.command({ collMod: 'users', validator });
  });

  async function newUser(name: string) {
    const email = `${name}@example.com`;
    const browser = await service.signedUp(email);
    await service.users.collection.updateOne({ email }, { $set: { role: newerRole } });
    const user = await service.users.findOne({ email }).lean().orFail();
    return { browser, email, path: `/api/users/${user._id.toHexString()}` };
  }

  const signIn = async (email: string, secret: string) => {
    const browser = service.browser();
    const { body } = await browser.post('/api/users/signin').send({ email, password: secret }).expect(200);
    expect(body.role).toBe(newerRole);
    return browser;
  };
  const currentUser = async (browser: Browser): Promise<unknown> =>
    (await browser.get('/api/users/currentuser').expect(200)).body.currentUser;

  it('signs in, renames and changes the password', async () => {
    const { email } = await newUser('uses');
    const browser = await signIn(email, password);
    const renamed = await browser.patch('/api/users/me').send({ name: 'Ada', version: 0 }).expect(200);
    expect(renamed.body).toMatchObject({ name: 'Ada', role: newerRole });
    const change = { currentPassword: password, password: newPassword };
    await browser.put('/api/users/me/password').send(change).expect(204);
    await signIn(email, newPassword);
    expect((await stored(email)).role).toBe(newerRole);
  });

  it('verifies the address, changes it, and resets the password', async () => {
    const { browser, email } = await newUser('confirms');
    const confirm = (token: string) =>
      service.api().post('/api/users/email-verification/confirm').send({ token, password }).expect(200);
    await confirm(await service.tokenTo(email, 'Verify'));
    const moved = 'moved-confirms@example.com';
    await browser.put('/api/users/me/email').send({ email: moved, password }).expect(202);
    await confirm(await service.tokenTo(moved));
    await service.api().post('/api/users/password-reset').send({ email: moved }).expect(202);
    const reset = { token: await service.tokenTo(moved, 'Reset'), password: newPassword };
    await service.api().post('/api/users/password-reset/confirm').send(reset).expect(204);
    await signIn(moved, newPassword);
  });

  it('is disabled, enabled and signed out by an admin', async () => {
    const { browser, email, path } = await newUser('managed');
    await admin.patch(path).send({ disabled: true, version: 0 }).expect(200);
    expect(await currentUser(browser)).toBeNull();
    const enabled = await admin.patch(path).send({ disabled: false, version: 1 }).expect(200);
    expect(enabled.body).toMatchObject({ role: newerRole, disabled: false });
    const again = await signIn(email, password);
    await admin.delete(`${path}/sessions`).expect(204);
    expect(await currentUser(again)).toBeNull();
    expect((await stored(email)).role).toBe(newerRole);
  });

  it('is listed, gets a role that this one knows, and is deleted', async () => {
    const { email, path } = await newUser('listed');
    const { body } = await admin.get(`/api/users?email=${email}`).expect(200);
    expect(body.users).toEqual([expect.objectContaining({ email, role: newerRole })]);
    await admin.patch(path).send({ role: 'user', version: 0 }).expect(200);
    await admin.delete(path).expect(204);
  });

  it('has no rights of an admin, and does not count as one', async () => {
    const { browser, path } = await newUser('no-admin');
    await browser.get('/api/users').expect(403);
    await browser.get(path).expect(403);
    const { body } = await admin.get('/api/users/currentuser').expect(200);
    const own = `/api/users/${String(body.currentUser.id)}`;
    await admin.patch(own).send({ role: 'user', version: body.currentUser.version }).expect(409);
  });
});

interface Validator {
  $jsonSchema: { properties: { role: { enum: string[] } } };
}
