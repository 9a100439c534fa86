import { scryptSync } from 'node:crypto';
import { Types } from 'mongoose';
import { migrate } from '../models/collections';
import { password, useService } from '../test/service';

const service = useService();
const silent = { info: () => undefined, warn: () => undefined };

/** Addresses that another service has stored, as its users type them. */
const addresses = ['José@example.com', 'user@MÜNCHEN.de', '"Quoted"@example.com', 'a,b@example.com'];
const storedAs = (email: string): string => email.trim().toLowerCase();

/** Puts an account of the course's service into the database, and has it adopted. */
async function adopted(email: string): Promise<Types.ObjectId> {
  const salt = '0123456789abcdef';
  const key = scryptSync(password, salt, 64).toString('hex');
  const _id = new Types.ObjectId();
  await service.connection.db?.command({ collMod: 'users', validator: {} });
  await service.users.collection.insertOne({ _id, email, password: `${key}.${salt}`, __v: 0 });
  await migrate(service.connection, { listener: silent });
  return _id;
}

const signin = (email: string, secret = password) =>
  service.browser().post('/api/users/signin').send({ email, password: secret });
const confirm = (token: string) =>
  service.api().post('/api/users/email-verification/confirm').send({ token, password });
const reset = async (email: string, secret: string): Promise<void> => {
  await service.api().post('/api/users/password-reset').send({ email }).expect(202);
  const token = await mailedToken(email, 'Reset');
  await service.api().post('/api/users/password-reset/confirm').send({ token, password: secret }).expect(204);
};
/** The token of a mail to that address. Mail programs put a comma into quotes. */
const mailedToken = (email: string, subject: string): Promise<string> =>
  service.tokenTo(storedAs(email).replace('a,b', '"a,b"'), subject);

describe.each(addresses)('F26 the account of %s', (email) => {
  afterEach(() => service.users.deleteMany({}));

  it('signs in, is reset, changes its address and gets it back', async () => {
    const id = await adopted(email);
    await signin(email).expect(200);
    await signin(storedAs(email), 'wrong password').expect(400);
    await reset(email, 'a better password');
    const browser = service.browser();
    const signedIn = await browser
      .post('/api/users/signin')
      .send({ email: ` ${email} `, password: 'a better password' })
      .expect(200);
    expect(signedIn.body).toMatchObject({ id: id.toHexString(), email: storedAs(email) });
    await browser.patch('/api/users/me').send({ name: 'Ada', version: signedIn.body.version }).expect(200);
    expect((await browser.get('/api/users/sessions').expect(200)).body.sessions).toHaveLength(1);

    const next = { email: 'plain@example.com', password: 'a better password' };
    await browser.put('/api/users/me/email').send(next).expect(202);
    const undo = await mailedToken(email, 'being changed');
    const changed = { token: await mailedToken(next.email, 'Confirm'), password: next.password };
    await service.api().post('/api/users/email-verification/confirm').send(changed).expect(200);
    expect((await confirm(undo).expect(200)).body).toMatchObject({ email: storedAs(email) });
    await reset(email, 'the best password');
    await signin(email, 'the best password').expect(200);
  });

  it('is closed and brought back', async () => {
    const id = await adopted(email);
    const browser = service.browser();
    await browser.post('/api/users/signin').send({ email, password }).expect(200);
    await browser.delete('/api/users/me').send({ password }).expect(204);
    await signin(email).expect(400);
    const back = await confirm(await mailedToken(email, 'closed')).expect(200);
    expect(back.body).toMatchObject({ id: id.toHexString(), email: storedAs(email) });
  });

  it('is listed, disabled, enabled and deleted by an admin', async () => {
    const id = (await adopted(email)).toHexString();
    const admin = await service.signedUpAdmin('root@example.com');
    const listed = await admin.get('/api/users').query({ email }).expect(200);
    expect(listed.body.users).toMatchObject([{ id, email: storedAs(email) }]);
    await admin.patch(`/api/users/${id}`).send({ disabled: true, version: 0 }).expect(200);
    await signin(email).expect(400);
    await admin.patch(`/api/users/${id}`).send({ disabled: false, version: 1 }).expect(200);
    await signin(email).expect(200);
    await admin.delete(`/api/users/${id}/sessions`).expect(204);
    await admin.delete(`/api/users/${id}`).expect(204);
    await service.mailSettled();
  });
});

describe('F26', () => {
  it('new addresses stay strict', async () => {
    for (const email of addresses)
      await service.api().post('/api/users/signup').send({ email, password }).expect(400);
  });

  it('an odd address that nobody has is an unknown one', async () => {
    const answer = await signin('nobody@münchen.de').expect(400);
    expect(answer.body.errors).toMatchObject([{ message: 'Invalid credentials' }]);
    await service.api().post('/api/users/password-reset').send({ email: 'nobody@münchen.de' }).expect(202);
    for (const email of ['nonsense', '', `${'é'.repeat(253)}@x`, '\ud800@example.com', ['a@b.c']])
      await service.api().post('/api/users/signin').send({ email, password }).expect(400);
  });

  it('mail that the mail server refuses stops no other mail', async () => {
    await adopted('"two words"@example.com');
    await adopted('Zoë@example.com');
    for (const email of ['"two words"@example.com', 'zoë@example.com'])
      await service.api().post('/api/users/password-reset').send({ email }).expect(202);
    expect(await mailedToken('zoë@example.com', 'Reset')).not.toBe('');
    await service.mails.deleteMany({});
  });

  it('F27 an account that can’t be stored again as it was comes back without what is unsound', async () => {
    const id = await adopted('unsound@example.com');
    const unsound = { name: { first: 'Ada' }, role: 'root', emailVerified: 'yes', createdAt: 'then' };
    await service.connection.db?.command({ collMod: 'users', validator: {} });
    await service.users.collection.updateOne({ _id: id }, { $set: unsound as never });
    await migrate(service.connection, { listener: silent });
    const browser = service.browser();
    await browser.post('/api/users/signin').send({ email: 'unsound@example.com', password }).expect(200);
    await browser.delete('/api/users/me').send({ password }).expect(204);
    const back = await confirm(await mailedToken('unsound@example.com', 'closed')).expect(200);
    expect(back.body).toMatchObject({ id: id.toHexString(), role: 'user', emailVerified: false });
  });

  it('F27 an account with another kind of id is in nobody’s way', async () => {
    await service.connection.db?.command({ collMod: 'users', validator: {} });
    await service.users.collection.insertOne({
      _id: 'text',
      email: 'text@example.com',
      password: 'x',
    } as never);
    await migrate(service.connection, { listener: silent });
    await signin('text@example.com').expect(400);
    const admin = await service.signedUpAdmin('other-root@example.com');
    await admin.get('/api/users').expect(200);
  });
});
