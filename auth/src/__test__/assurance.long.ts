import { scryptSync } from 'node:crypto';
import { connectTo, freshDatabase } from '../test/database';
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

describe('S9 the time that a refused sign-in takes', () => {
  it(`tells no class of refusal from another, in ${samples} interleaved timings each`, async () => {
    const database = freshDatabase();
    const { url } = await listening({ MONGO_URI: database });
    for (const name of ['known', 'legacy', 'disabled']) await signup(url, `${name}@example.com`);
    const client = await connectTo(database);
    const users = client.db().collection('users');
    const salt = '0123456789abcdef';
    const legacy = `${scryptSync('correct horse battery', salt, 64).toString('hex')}.${salt}`;
    await users.updateOne({ email: 'legacy@example.com' }, { $set: { password: legacy } });
    await users.updateOne({ email: 'disabled@example.com' }, { $set: { disabled: true } });
    await client.close();

    const wrong = 'a wrong password';
    const classes: Record<string, [email: string, password: string]> = {
      wrong: ['known@example.com', wrong],
      unknown: ['other@example.com', wrong],
      empty: ['known@example.com', ''],
      'too long': ['known@example.com', 'a'.repeat(10_000)],
      legacy: ['legacy@example.com', wrong],
      disabled: ['disabled@example.com', wrong],
    };
    const signIn = async ([email, password]: [string, string]): Promise<number> => {
      const body = JSON.stringify({ email, password });
      const started = performance.now();
      const response = await fetch(`${url}/api/users/signin`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body,
      });
      await response.text();
      const took = performance.now() - started;
      expect(response.status).toBe(400);
      return took;
    };

    // A band that 500 honest samples leave now and then by chance; a real difference leaves it every time.
    let outside: string[] = [];
    for (let round = 0; round < mostRounds; round += 1) {
      const timings: Record<string, number[]> = Object.fromEntries(
        Object.keys(classes).map((name) => [name, []]),
      );
      for (let n = 0; n < samples; n += 1) {
        for (const [name, credentials] of Object.entries(classes))
          timings[name]?.push(await signIn(credentials));
      }
      const areas = Object.entries(timings).map(([name, times]) => ({
        name,
        area: areaUnderCurve(times, timings['wrong'] ?? []),
      }));
      process.stderr.write(
        `S9 areas: ${areas.map(({ name, area }) => `${name} ${area.toFixed(3)}`).join(', ')}\n`,
      );
      outside = areas.flatMap(({ name, area }) => (Math.abs(area - 0.5) > 0.05 ? [name] : []));
      if (outside.length === 0) break;
    }
    expect(outside).toEqual([]);
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
