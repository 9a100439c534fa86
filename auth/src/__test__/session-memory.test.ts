import type { mongo } from 'mongoose';
import { startMongod, type Mongod } from '../../dev/mongod';
import { connectTo } from '../test/database';
import { until, useProcesses, type ListeningProcess } from '../test/process';
import { check, cookieOf, isLive, post, remembered, signOut, type Check } from '../test/session-checks';
import { startSlowProxy, type SlowProxy } from '../test/slow-proxy';

const { listening } = useProcesses();
// Half a second at most; a busy machine takes its time for the request that shows it.
const soonMs = 5000;

let mongod: Mongod;
let database: mongo.MongoClient;
beforeAll(async () => {
  mongod = await startMongod({ say: () => undefined });
  database = await connectTo(mongod.uri('auth'));
});
afterAll(async () => {
  await database.close();
  await mongod.stop();
});

/** How often sessions were looked up in the database so far. */
async function lookups(): Promise<number> {
  const { totals } = (await database.db('admin').command({ top: 1 })) as {
    totals: Record<string, { queries: { count: number } } | undefined>;
  };
  return totals['auth.sessions']?.queries.count ?? 0;
}

describe('R16 two processes that keep live sessions in memory', () => {
  let one: ListeningProcess;
  let other: ListeningProcess;
  beforeAll(async () => {
    const settings = { MONGO_URI: mongod.uri('auth') };
    [one, other] = await Promise.all([listening(settings), listening(settings)]);
  });

  it('ask the database for a session once, not with each check', async () => {
    const cookie = await cookieOf(one.url, 'kept@example.com');
    await remembered(one.url, cookie);
    const before = await lookups();
    for (let n = 0; n < 50; n += 1) expect(await isLive(one.url, cookie)).toBe(true);
    // Where heartbeats come late, as on a busy machine, the database is asked.
    expect(await lookups()).toBeLessThan(before + 25);
  });

  it('refuse a copied cookie at once where it was signed out, and soon in the other process', async () => {
    for (let n = 0; n < 10; n += 1) {
      const cookie = await cookieOf(one.url, `signed-out-${n}@example.com`);
      await Promise.all([remembered(one.url, cookie), remembered(other.url, cookie)]);
      // A check is under way meanwhile.
      const meanwhile = check(one.url, cookie);
      await signOut(one.url, cookie);
      expect(await isLive(one.url, cookie)).toBe(false);
      await until(async () => !(await isLive(other.url, cookie)), soonMs);
      await meanwhile;
      expect(await isLive(one.url, cookie)).toBe(false);
    }
  });

  it('change nothing, and refuse nothing, by what was so a moment ago', async () => {
    const cookie = await cookieOf(one.url, 'elsewhere@example.com');
    await Promise.all([remembered(one.url, cookie), remembered(other.url, cookie)]);
    const change = { currentPassword: 'correct horse battery', password: 'another good password' };
    const changed = await post(one.url, '/me/password', cookie, change, 'PUT');
    expect(changed.status).toBe(204);
    const renewed = changed.headers.getSetCookie()[0]?.split(';', 1)[0] ?? '';
    // The other process may not have heard of it yet.
    const [shown, confirmed] = await Promise.all([
      isLive(other.url, renewed),
      post(other.url, '/me/confirm-password', renewed, { password: change.password }),
    ]);
    expect(shown).toBe(true);
    expect(confirmed.status).toBe(204);
  });

  it('show a changed name at once where it was changed, and soon in the other process', async () => {
    const cookie = await cookieOf(one.url, 'renamed@example.com');
    await Promise.all([remembered(one.url, cookie), remembered(other.url, cookie)]);
    const change = { name: 'Ada', version: 0 };
    expect((await post(one.url, '/me', cookie, change, 'PATCH')).status).toBe(200);
    expect((await check(one.url, cookie)).name).toBe('Ada');
    await until(async () => (await check(other.url, cookie)).name === 'Ada', soonMs);
  });

  it.each([
    ['another role', { $set: { role: 'admin' } }, { role: 'admin' }],
    ['that the account is disabled', { $set: { disabled: true } }, { email: undefined }],
    ['another generation of sessions', { $inc: { generation: 1 } }, { email: undefined }],
  ])('hear from the database of %s', async (what, update, expected) => {
    const email = `${what.replaceAll(' ', '-')}@example.com`;
    const cookie = await cookieOf(one.url, email);
    await remembered(one.url, cookie);
    await database.db('auth').collection('users').updateOne({ email }, update);
    await until(async () => {
      const found = await check(one.url, cookie);
      return Object.entries(expected).every(([key, value]) => found[key as keyof Check] === value);
    }, soonMs);
  });

  it('R15 hear from the database of a session that the previous version has ended by deleting it', async () => {
    const cookie = await cookieOf(one.url, 'previous@example.com');
    await remembered(one.url, cookie);
    const user = await database.db('auth').collection('users').findOne({ email: 'previous@example.com' });
    await database.db('auth').collection('sessions').deleteMany({ user: user?._id });
    await until(async () => !(await isLive(one.url, cookie)), soonMs);
  });

  it('hear from the database of a deleted account, also where its collection is dropped', async () => {
    const cookies = [
      await cookieOf(one.url, 'deleted@example.com'),
      await cookieOf(one.url, 'dropped@example.com'),
    ];
    for (const cookie of cookies) await remembered(one.url, cookie);
    const users = database.db('auth').collection('users');
    await users.deleteOne({ email: 'deleted@example.com' });
    await until(async () => !(await isLive(one.url, cookies[0] ?? '')), soonMs);
    await users.rename('users-before');
    await until(async () => !(await isLive(one.url, cookies[1] ?? '')), soonMs);
    await database.db('auth').collection('users-before').rename('users', { dropTarget: true });
    await until(() => isLive(one.url, cookies[1] ?? ''));
  });
});

describe('R16 a process whose database is dropped', () => {
  it('answers, and ends at SIGTERM', async () => {
    const { url, healthUrl, child, ended } = await listening({ MONGO_URI: mongod.uri('dropped') });
    const cookie = await cookieOf(url, 'dropped@example.com');
    await remembered(url, cookie);
    await database.db('dropped').dropDatabase();
    await until(async () => !(await isLive(url, cookie)), soonMs);
    expect((await fetch(`${healthUrl}/livez`)).status).toBe(200);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  });
});

describe('R16 a process whose changes do not come', () => {
  let proxy: SlowProxy;
  let far: ListeningProcess;
  let near: ListeningProcess;
  beforeAll(async () => {
    const uri = new URL(mongod.uri('auth'));
    near = await listening({ MONGO_URI: mongod.uri('auth') });
    proxy = await startSlowProxy(uri.hostname, Number(uri.port));
    const MONGO_URI = `mongodb://127.0.0.1:${proxy.port}/auth?directConnection=true`;
    far = await listening({ MONGO_URI });
  });
  afterAll(() => {
    proxy.close();
  });

  it('accepts no session for longer than a second after its end elsewhere, and works again later', async () => {
    for (let round = 0; round < 3; round += 1) {
      const cookie = await cookieOf(near.url, `far-${round}@example.com`);
      await remembered(far.url, cookie);
      proxy.pause();
      await signOut(near.url, cookie);
      await new Promise((resolve) => setTimeout(resolve, 1000));
      const answers = await Promise.all(Array.from({ length: 10 }, () => check(far.url, cookie)));
      expect(answers.filter(({ email }) => email !== undefined)).toEqual([]);
      proxy.resume();
      await until(async () => (await check(far.url, cookie)).status === 200);
      expect(await isLive(far.url, cookie)).toBe(false);
      const again = await cookieOf(near.url, `again-${round}@example.com`);
      await until(() => isLive(far.url, again));
    }
  });
});
