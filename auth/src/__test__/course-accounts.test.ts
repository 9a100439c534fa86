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
  it('sign in, are shown whole, and can be recovered', async () => {
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
      ...{ id: expect.any(String), email: 'student@example.com', role: 'user', emailVerified: false },
      ...{ createdAt: expect.any(String), updatedAt: expect.any(String), version: 0 },
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
});
