import type { mongo } from 'mongoose';
import type { UserRecord } from '../models/user';
import { connectTo, freshDatabase } from './database';
import { pileUp } from './pile';
import { signup, until, useProcesses } from './process';

/** Processes with an account that has so many live sessions. */
export function describeCrowd(count: number): void {
  const { listening } = useProcesses();
  const settings = {
    MONGO_URI: freshDatabase(),
    MAIL: 'off',
    NODE_OPTIONS: '--max-old-space-size=128 --max-semi-space-size=8',
  };
  let client: mongo.MongoClient;
  beforeAll(async () => {
    client = await connectTo(settings.MONGO_URI);
  });
  afterAll(async () => {
    await client.db().dropDatabase();
    await client.close();
  });

  async function crowd(url: string, email: string) {
    const cookie = (await signup(url, email)).headers.getSetCookie()[0]?.split(';')[0] ?? '';
    const user = await client.db().collection<UserRecord>('users').findOne({ email });
    if (!user) throw new Error('No such user');
    await pileUp(client.db(), user, count);
    return {
      user,
      ask: (path: string, method = 'GET') =>
        fetch(`${url}/api/users${path}`, { method, headers: { Cookie: cookie } }),
    };
  }

  it(`S60 lists ${count} sessions for four at once with 128 MiB of memory`, async () => {
    const { url, child } = await listening(settings);
    const { ask } = await crowd(url, 'listed@example.com');
    const answers = await Promise.all(Array.from({ length: 4 }, () => ask('/sessions')));
    for (const answer of answers) {
      expect(answer.status).toBe(200);
      const { sessions } = (await answer.json()) as { sessions: unknown[] };
      expect(sessions).toHaveLength(100);
    }
    expect((await ask('/currentuser')).status).toBe(200);
    expect(child.exitCode).toBeNull();
  });

  it(`S61 a start finishes the cleanup of ${count} sessions that a killed process has begun`, async () => {
    const { url, child, ended } = await listening(settings);
    const { user, ask } = await crowd(url, 'killed@example.com');
    const commits = client.db().collection('cleanups').watch();
    // Opens the stream.
    await commits.tryNext();
    const asked = ask('/sessions', 'DELETE').catch((error: unknown) => error);
    await commits.next();
    child.kill('SIGKILL');
    await Promise.all([ended, asked, commits.close()]);
    const sessions = client.db().collection('sessions');
    const left = await sessions.countDocuments({ user: user._id });
    expect(left).toBeGreaterThan(1);
    expect(await client.db().collection('cleanups').countDocuments()).toBe(1);

    await listening(settings);
    await until(async () => (await client.db().collection('cleanups').countDocuments()) === 0, 5 * 60_000);
    expect(await sessions.find({ user: user._id }).project({ generation: 1, _id: 0 }).toArray()).toEqual([
      { generation: 1 },
    ]);
  });
}
