import { scryptSync } from 'node:crypto';
import type { mongo } from 'mongoose';
import { connectTo, freshDatabase } from '../test/database';
import { startInbox, type Inbox } from '../../dev/inbox';
import { startMongod } from '../../dev/mongod';
import { freePort, signup, statusOf, until, useProcesses } from '../test/process';

const { start, listening } = useProcesses();

/** The chance that a value of the one class is above one of the other, ties counting half: 0.5 tells nothing. */
function areaUnderCurve(some: readonly number[], others: readonly number[]): number {
  let above = 0;
  for (const one of some) for (const other of others) above += one > other ? 1 : one === other ? 0.5 : 0;
  return above / (some.length * others.length);
}

const mostRounds = 3;
const samples = 500;

/** Times these in turn, and answers the names of those that are told from the first by the time they take. */
async function toldApart(timed: Record<string, () => Promise<Response>>, status: number): Promise<string[]> {
  const took = async (ask: () => Promise<Response>): Promise<number> => {
    const started = performance.now();
    const response = await ask();
    await response.text();
    const ms = performance.now() - started;
    expect(response.status).toBe(status);
    return ms;
  };
  // A band that 500 honest samples leave now and then by chance; a real difference leaves it every time.
  let outside: string[] = [];
  for (let round = 0; round < mostRounds; round += 1) {
    const timings = Object.entries(timed).map(([name, ask]) => ({ name, ask, times: [] as number[] }));
    for (let n = 0; n < samples; n += 1) {
      for (const { ask, times } of timings) times.push(await took(ask));
    }
    const areas = timings.map(({ name, times }) => ({
      name,
      area: areaUnderCurve(times, timings[0]?.times ?? []),
    }));
    const figures = areas.map(({ name, area }) => `${name} ${area.toFixed(3)}`).join(', ');
    process.stderr.write(`S9 areas: ${figures}\n`);
    outside = areas.flatMap(({ name, area }) => (Math.abs(area - 0.5) > 0.05 ? [name] : []));
    if (outside.length === 0) break;
  }
  return outside;
}

describe('S9 the time that an answer takes', () => {
  const known = { email: 'known@example.com', password: 'correct horse battery' };
  let database: mongo.MongoClient;
  let inbox: Inbox;
  let settings: NodeJS.ProcessEnv;
  let post: (path: string, body: object) => Promise<Response>;

  async function serve(mode: NodeJS.ProcessEnv): Promise<void> {
    const { url } = await listening({ ...settings, ...mode });
    post = (path, body) =>
      fetch(`${url}/api/users/${path}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      });
  }

  beforeAll(async () => {
    inbox = await startInbox({ smtpPort: 0, pagePort: 0 });
    settings = { MONGO_URI: freshDatabase(), SMTP_URL: inbox.smtpUrl };
    await serve({});
    for (const name of ['known', 'legacy', 'disabled', 'unverified'])
      await post('signup', { ...known, email: `${name}@example.com` });
    database = await connectTo(settings['MONGO_URI'] ?? '');
    const users = database.db().collection('users');
    const salt = '0123456789abcdef';
    const legacy = `${scryptSync(known.password, salt, 64).toString('hex')}.${salt}`;
    await users.updateMany({ email: { $ne: 'unverified@example.com' } }, { $set: { emailVerified: true } });
    await users.updateOne({ email: 'legacy@example.com' }, { $set: { password: legacy } });
    await users.updateOne({ email: 'disabled@example.com' }, { $set: { disabled: true } });
  });

  afterAll(async () => {
    await database.close();
    await inbox.close();
  });

  it(`tells no class of refused sign-in from another, in ${samples} interleaved timings each`, async () => {
    await serve({ REQUIRE_VERIFIED_EMAIL: 'true' });
    const signIn = (name: string, password: string) => () =>
      post('signin', { email: `${name}@example.com`, password });
    const wrong = 'a wrong password';
    const outside = await toldApart(
      {
        wrong: signIn('known', wrong),
        unknown: signIn('nobody', wrong),
        empty: signIn('known', ''),
        'too long': signIn('known', 'a'.repeat(10_000)),
        legacy: signIn('legacy', wrong),
        disabled: signIn('disabled', wrong),
        'disabled, right': signIn('disabled', known.password),
        unverified: signIn('unverified', wrong),
      },
      400,
    );
    expect(outside).toEqual([]);
  });

  it('tells no address that has an account from one that has none, when a new password is asked for', async () => {
    await serve({});
    const reset = (name: string) => () => post('password-reset', { email: `${name}@example.com` });
    const classes = { known: reset('known'), unknown: reset('nobody'), disabled: reset('disabled') };
    expect(await toldApart(classes, 202)).toEqual([]);
  });

  it('tells no address that has an account from one that has none, at a sign-up that verifies first', async () => {
    await serve({ SIGNUP_MODE: 'verify-first' });
    const signUp = (name: string) => () => post('signup', { ...known, email: `${name}@example.com` });
    expect(await toldApart({ known: signUp('known'), new: signUp('nobody') }, 202)).toEqual([]);
  });
});

describe('S11 parallel sign-ups of one address', () => {
  it('leave one account on each of 100 fresh databases, while two processes start on it', async () => {
    for (let round = 0; round < 100; round += 1) {
      const database = freshDatabase();
      const pair = await Promise.all([
        listening({ MONGO_URI: database }),
        listening({ MONGO_URI: database }),
      ]);
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, n) => signup(pair[n % 2]?.url ?? '', 'race@example.com')),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([201, ...(Array(49).fill(400) as number[])]);
      const client = await connectTo(database);
      expect(await client.db().collection('users').countDocuments()).toBe(1);
      await client.db().dropDatabase();
      await client.close();
      for (const { child } of pair) child.kill('SIGKILL');
      await Promise.all(pair.map(({ ended }) => ended));
    }
  });
});

describe('R8 a database that hangs', () => {
  it('for 30 s, keeps no request waiting for longer than 5 s, and is used again when it goes on', async () => {
    const mongod = await startMongod({ say: () => undefined });
    const { url, output } = await listening({
      MONGO_URI: mongod.uri('hanging'),
      // Nobody is there: the mails wait.
      SMTP_URL: `smtp://127.0.0.1:${await freePort()}`,
    });
    const cookie = (await signup(url, 'hung@example.com')).headers.get('Set-Cookie') ?? '';
    const post = (path: string, body: object, method = 'POST'): Promise<Response> =>
      fetch(`${url}/api/users${path}`, {
        method,
        headers: { Cookie: cookie, 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      });
    const credentials = { email: 'hung@example.com', password: 'correct horse battery' };
    let serial = 0;
    const asks: Record<string, () => Promise<Response>> = {
      'sign-up': () => signup(url, `hung-${(serial += 1)}@example.com`),
      'sign-in': () => post('/signin', credentials),
      'who it is': () => fetch(`${url}/api/users/currentuser`, { headers: { Cookie: cookie } }),
      rename: () => post('/me', { name: 'Ada', version: 0 }, 'PATCH'),
      'a change of e-mail': () => post('/me/email', { ...credentials, email: 'new@example.com' }, 'PUT'),
      'a reset': () => post('/password-reset', { email: 'hung@example.com' }),
    };
    const slowest: Record<string, number> = {};
    let stopped = false;
    const statuses = new Set<number>();
    const caller = async (name: string, ask: () => Promise<Response>): Promise<void> => {
      while (!stopped) {
        const asked = performance.now();
        const { status } = await ask();
        statuses.add(status);
        slowest[name] = Math.max(slowest[name] ?? 0, Math.round(performance.now() - asked));
      }
    };
    // Several of each, so that the database stops in the middle of whatever they do.
    const callers = Object.entries(asks).flatMap(([name, ask]) => [1, 2, 3, 4].map(() => caller(name, ask)));
    const pid = mongod.pid ?? 0;
    await new Promise((resolve) => setTimeout(resolve, 2000));
    process.kill(pid, 'SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, 30_000));
    process.kill(pid, 'SIGCONT');
    const resumed = Date.now();
    await until(async () => (await asks['sign-in']?.())?.status === 200);
    const back = Date.now() - resumed;
    stopped = true;
    await Promise.all(callers);
    process.stderr.write(`R8 slowest, ms: ${JSON.stringify(slowest)}; back after ${back} ms\n`);
    expect(Math.max(...Object.values(slowest))).toBeLessThan(5000);
    expect([...statuses].filter((status) => status >= 500)).toEqual([503]);
    expect(output()).not.toContain('"level":"fatal"');
    await mongod.stop();
  });
});

describe('R7 a database that comes a minute late', () => {
  it('finds the service alive, answering within 100 ms that it is not ready, and ready within 5 s', async () => {
    const [mongoPort, healthPort] = [await freePort(), await freePort()];
    start({
      MONGO_URI: `mongodb://127.0.0.1:${mongoPort}/late?replicaSet=rs0`,
      HEALTH_PORT: String(healthPort),
    });
    const health = `http://127.0.0.1:${healthPort}`;
    await until(async () => (await statusOf(`${health}/livez`)) === 200);
    const took: number[] = [];
    for (let second = 0; second < 60; second += 1) {
      const asked = performance.now();
      expect(await statusOf(`${health}/readyz`)).toBe(503);
      took.push(performance.now() - asked);
      expect(await statusOf(`${health}/livez`)).toBe(200);
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
    // All but the odd one that a busy machine held up.
    expect(took.sort((a, b) => a - b)[Math.floor(0.9 * took.length)]).toBeLessThan(100);
    const mongod = await startMongod({ port: mongoPort, say: () => undefined });
    await until(async () => (await statusOf(`${health}/readyz`)) === 200, 5000);
    await mongod.stop();
  });
});
