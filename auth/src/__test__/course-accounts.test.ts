import { scryptSync } from 'node:crypto';
import { startInbox, type Inbox } from '../../dev/inbox';
import { connectTo, freshDatabase } from '../test/database';
import { useProcesses } from '../test/process';

const { listening } = useProcesses();
let inbox: Inbox;
beforeAll(async () => {
  inbox = await startInbox({ smtpPort: 0, pagePort: 0 });
});
afterAll(() => inbox.close());

/** As the course's service stores it: the address as typed, the salt's hex text as the salt, no more than these. */
function courseAccount(email: string, password: string) {
  const salt = '0123456789abcdef';
  return { email, password: `${scryptSync(password, salt, 64).toString('hex')}.${salt}`, __v: 0 };
}

describe('the accounts of the course’s service', () => {
  it('F26 sign in, are shown whole, and can be recovered', async () => {
    const database = freshDatabase();
    const client = await connectTo(database);
    const users = client.db().collection('users');
    await users.insertMany([
      courseAccount('Student@Example.com', 'pass'),
      courseAccount('forgetful@example.com', 'word'),
    ]);
    const { url } = await listening({ MONGO_URI: database, SMTP_URL: inbox.smtpUrl });
    const post = (path: string, body: object): Promise<Response> =>
      fetch(`${url}/api/users${path}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      });

    const signin = await post('/signin', { email: 'student@example.com', password: 'pass' });
    expect(signin.status).toBe(200);
    expect(await signin.json()).toEqual({
      id: expect.any(String),
      email: 'student@example.com',
      role: 'user',
      emailVerified: false,
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
      version: 0,
    });
    const cookie = signin.headers.get('Set-Cookie') ?? '';
    const shown = await fetch(`${url}/api/users/currentuser`, { headers: { Cookie: cookie } });
    expect(await shown.json()).toMatchObject({ currentUser: { email: 'student@example.com' } });
    expect(await users.findOne({ email: 'student@example.com' })).toMatchObject({
      password: expect.stringMatching(/[.]ln=4,r=8,p=1$/),
    });

    expect((await post('/password-reset', { email: 'forgetful@example.com' })).status).toBe(202);
    const { token } = await inbox.take(({ to }) => to === 'forgetful@example.com');
    const reset = await post('/password-reset/confirm', { token, password: 'a better password' });
    expect(reset.status).toBe(204);
    await client.close();
  });

  it('F27 F28 keep their roles and bans, and can be disabled', async () => {
    const database = freshDatabase();
    const client = await connectTo(database);
    await client
      .db()
      .collection('users')
      .insertMany([
        { ...courseAccount('admin@example.com', 'pass'), role: 'admin' },
        { ...courseAccount('banned@example.com', 'pass'), disabled: true },
        { ...courseAccount('plain@example.com', 'pass'), password: 'plain text' },
        { ...courseAccount('named@example.com', 'pass'), name: { first: 'Ada' } },
        { ...courseAccount('empty@example.com', 'pass'), name: '', version: 'two' },
        { ...courseAccount('no password', 'pass'), email: 'none@example.com', password: { toString: 1 } },
        { ...courseAccount('no address', 'pass'), email: { not: 'text' } },
      ]);
    const { url } = await listening({ MONGO_URI: database });
    const signin = (email: string): Promise<Response> =>
      fetch(`${url}/api/users/signin`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ email, password: 'pass' }),
      });
    expect((await signin('banned@example.com')).status).toBe(400);
    const admin = await signin('admin@example.com');
    expect(await admin.json()).toMatchObject({ role: 'admin' });
    const cookie = admin.headers.get('Set-Cookie') ?? '';
    const users = client.db().collection('users');
    for (const email of ['plain@example.com', 'none@example.com'])
      expect((await signin(email)).status).toBe(400);
    for (const email of ['named@example.com', 'empty@example.com']) {
      const answer = await signin(email);
      expect(answer.status).toBe(200);
      expect(await answer.json()).not.toHaveProperty('name');
    }
    const list = await fetch(`${url}/api/users`, { headers: { Cookie: cookie } });
    expect(list.status).toBe(200);
    for (const { _id } of await users.find({ disabled: false, role: 'user' }).toArray()) {
      const disable = await fetch(`${url}/api/users/${String(_id)}`, {
        method: 'PATCH',
        headers: { 'Content-Type': 'application/json', Cookie: cookie },
        body: JSON.stringify({ disabled: true }),
      });
      expect([_id, disable.status]).toEqual([_id, 200]);
      expect(await users.findOne({ _id })).toMatchObject({ disabled: true });
    }
    await client.close();
  });
});
