import { clockAheadBy } from '../test/clock';
import { connectTo, freshDatabase } from '../test/database';
import { signup, until, useProcesses } from '../test/process';
import { startSlowProxy, type SlowProxy } from '../test/slow-proxy';

const { listening } = useProcesses();
const wrong = 'a wrong password';

/** A sign-in from a network. */
const signIn = (url: string, email: string, ip: string, password = wrong): Promise<Response> =>
  fetch(`${url}/api/users/signin`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Forwarded-For': ip },
    body: JSON.stringify({ email, password }),
  });

/** How many answers have each status. */
async function tally(answers: Promise<Response>[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { status } of await Promise.all(answers)) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

/** As `tally`, for so many requests, a few at once: more of one account would not get into the line for hashes. */
async function tallyInTurns(
  count: number,
  send: (n: number) => Promise<Response>,
): Promise<Record<string, number>> {
  const total: Record<string, number> = {};
  for (let n = 0; n < count; n += 10) {
    const counts = await tally(Array.from({ length: 10 }, (_, m) => send(n + m)));
    for (const [status, each] of Object.entries(counts)) total[status] = (total[status] ?? 0) + each;
  }
  return total;
}

describe('limits of two processes on one database', () => {
  let urls: string[];
  const database = freshDatabase();
  beforeAll(async () => {
    const settings = { MONGO_URI: database, TRUST_PROXY: '1', LIMIT_SIGNIN_NETWORK: '100/15m' };
    const both = await Promise.all([listening(settings), listening(settings)]);
    urls = both.map(({ url }) => url);
  });
  const either = (n: number): string => urls[n % 2] ?? '';

  it('S40 500 guesses at once cost exactly ten hashes', async () => {
    await signup(either(0), 'parallel@example.com');
    const guesses = Array.from({ length: 500 }, (_, n) =>
      signIn(either(n), 'parallel@example.com', `203.0.113.${n % 250}, 192.0.2.1`),
    );
    expect(await tally(guesses)).toEqual({ 400: 10, 429: 490 });
  });

  it('S43 1,000 guesses from 50 networks cost exactly thirty hashes', async () => {
    await signup(either(0), 'networks@example.com');
    const guess = (n: number): Promise<Response> =>
      signIn(either(n), 'networks@example.com', `198.51.100.${n % 50}`);
    expect(await tallyInTurns(1000, guess)).toEqual({ 400: 30, 429: 970 });
  });

  it('S41 a spray over 1,000 accounts from one network costs exactly a hundred hashes', async () => {
    const spray = (n: number): Promise<Response> =>
      signIn(either(n), `sprayed-${n}@example.com`, `203.0.113.${n % 250}, 192.0.2.2`);
    expect(await tallyInTurns(1000, spray)).toEqual({ 400: 100, 429: 900 });
  });

  it('has no count in the database that a plain address could be read from', async () => {
    await tallyInTurns(50, (n) => signIn(either(n), `plain-${n}@example.com`, `198.51.100.${n}`));
    const client = await connectTo(database);
    const counts = await client.db().collection('limits').find().toArray();
    await client.close();
    expect(counts.length).toBeGreaterThan(100);
    expect(JSON.stringify(counts)).not.toMatch(/example|192\.0\.2|198\.51/);
  });
});

describe('limits with a database that fails', () => {
  const proxies: SlowProxy[] = [];
  afterAll(() => {
    for (const proxy of proxies) proxy.close();
  });

  /** A process behind a proxy of its own, which knows that one account is blocked. */
  async function blocking(email: string) {
    const direct = new URL(freshDatabase());
    const proxy = await startSlowProxy(direct.hostname, Number(direct.port));
    proxies.push(proxy);
    const { url } = await listening({
      MONGO_URI: `mongodb://127.0.0.1:${proxy.port}${direct.pathname}?directConnection=true`,
      LIMITS_WAIT_MS: '300',
    });
    const blocked = (): Promise<Response> => signIn(url, email, '');
    // Counting may be slow for other reasons here, so there may be a 503 among these.
    await until(async () => (await blocked()).status === 429);
    return { proxy, url, blocked };
  }

  it('S50 a slow one adds 300 ms and then is 503, and what is blocked stays blocked', async () => {
    const { proxy, url, blocked } = await blocking('blocked@example.com');
    proxy.pause();
    const began = performance.now();
    const answer = await signIn(url, 'other@example.com', '');
    const tookMs = performance.now() - began;
    expect(answer.status).toBe(503);
    expect(answer.headers.get('Retry-After')).toMatch(/^\d+$/);
    process.stderr.write(`a limit of a database that hangs: 503 after ${tookMs.toFixed(0)} ms\n`);
    expect(tookMs).toBeGreaterThan(250);
    // Far less than the driver's own time-outs, which end after 4.5 s.
    expect(tookMs).toBeLessThan(1500);
    const refused = await blocked();
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('Retry-After'))).toBeGreaterThan(600);
    proxy.resume();
  });

  it('S50 one that is gone is 503, and what is blocked stays blocked', async () => {
    const { proxy, url, blocked } = await blocking('gone@example.com');
    proxy.close();
    expect((await signIn(url, 'other@example.com', '')).status).toBe(503);
    expect((await blocked()).status).toBe(429);
  });
});

describe('limits of processes whose clocks differ', () => {
  it('S40 by minutes: three count together, whichever began', async () => {
    const settings = { MONGO_URI: freshDatabase() };
    const minutes = [-4, 0, 4];
    const processes = await Promise.all(
      minutes.map((n) => listening({ ...settings, ...clockAheadBy(n * 60) })),
    );
    for (const [began] of processes.entries()) {
      const statuses = [];
      for (let n = 0; n < 24; n += 1) {
        const { url } = processes[(began + n) % 3] ?? { url: '' };
        statuses.push((await signIn(url, `minutes-${began}@example.com`, '')).status);
      }
      expect(statuses).toEqual([...Array<number>(10).fill(400), ...Array<number>(14).fill(429)]);
    }
  });

  it('S40 by more than a window: a caller gets one more window’s worth of guesses, and then none', async () => {
    const settings = { MONGO_URI: freshDatabase(), LIMIT_SIGNIN_ACCOUNT: '1000/1h' };
    const [present, future] = await Promise.all([
      listening(settings),
      listening({ ...settings, ...clockAheadBy(3600) }),
    ]);
    const fourteen = async (url: string): Promise<number[]> => {
      const statuses = [];
      for (let n = 0; n < 14; n += 1) statuses.push((await signIn(url, 'clock@example.com', '')).status);
      return statuses;
    };
    const blocked = Array<number>(14).fill(429);
    const allowed = [...Array<number>(10).fill(400), ...blocked.slice(10)];
    expect(await fourteen(present.url)).toEqual(allowed);
    expect(await fourteen(future.url)).toEqual(allowed);
    const restarted = await listening(settings);
    for (const { url } of [present, future, restarted]) expect(await fourteen(url)).toEqual(blocked);
    const refused = await signIn(restarted.url, 'clock@example.com', '');
    expect(Number(refused.headers.get('Retry-After'))).toBeLessThanOrEqual(15 * 60);
  });
});
