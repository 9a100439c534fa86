import { randomBytes } from 'node:crypto';
import { connectTo, freshDatabase } from '../test/database';
import { jwtIn, sessionCookieOf } from '../test/cookies';
import { clockAheadBy } from '../test/clock';
import { encryptionKey } from '../test/keys';
import { kidOf, loadOn, type KeysUnderLoad } from '../test/keys-under-load';
import { highestSettings } from '../test/rates';
import { runCommand, signup, until, useProcesses, type ListeningProcess } from '../test/process';

const { start, listening } = useProcesses();

/** Times that let keys change while a test waits. */
const quick = {
  ...highestSettings,
  KEY_GRACE_SECONDS: '3',
  KEY_ROTATION_SECONDS: '6',
  JWT_TTL_SECONDS: '30',
};
const waitMs = 60_000;
// Processes start slowly on a busy machine.
jest.setTimeout(240_000);

const loads: KeysUnderLoad[] = [];
afterEach(async () => {
  await Promise.all(loads.splice(0).map((load) => load.stop()));
});
async function underLoad(urls: string[]): Promise<KeysUnderLoad> {
  const load = await loadOn(urls);
  loads.push(load);
  return load;
}

const signIn = (url: string, email: string): Promise<Response> =>
  fetch(`${url}/api/users/signin`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ email, password: 'correct horse battery' }),
    signal: AbortSignal.timeout(waitMs),
  });
const jwtOf = (response: Response): string => jwtIn(response.headers.getSetCookie()[0]) ?? '';
const signerOf = async (url: string, email: string): Promise<string> =>
  kidOf(jwtOf(await signIn(url, email)));
const whoIs = async (url: string, jwt: string): Promise<string | undefined> => {
  const headers = { Cookie: sessionCookieOf({ jwt }) };
  const response = await fetch(`${url}/api/users/currentuser`, { headers });
  expect(response.status).toBe(200);
  return ((await response.json()) as { currentUser: { email: string } | null }).currentUser?.email;
};

describe('keys that change by themselves', () => {
  it.each([
    ['', 0],
    [', with clocks that are 5 minutes apart', 150],
  ])('S26 fail no request and sign nobody out, over two processes%s', async (_, seconds) => {
    const settings = { ...quick, MONGO_URI: freshDatabase() };
    // A JWT of the one process must not have expired for the other.
    const apart = { JWT_TTL_SECONDS: '900' };
    const [one, other] = await Promise.all([
      listening({ ...settings, ...(seconds && { ...apart, ...clockAheadBy(seconds) }) }),
      listening({ ...settings, ...(seconds && { ...apart, ...clockAheadBy(-seconds) }) }),
    ]);
    const load = await underLoad([one.url, other.url]);
    await until(() => Promise.resolve(load.kids().length >= 4 || load.hasFailed()), waitMs);
    const { requests, failures } = await load.stop();
    process.stdout.write(
      `S26: ${load.kids().length} keys, ${requests} requests, ${failures.length} failed\n`,
    );
    expect(failures).toEqual([]);
    expect(requests).toBeGreaterThan(100);
  });

  it('S26 are not used by a process that was stopped meanwhile, which signs in nobody with a key of before', async () => {
    const settings = { ...quick, MONGO_URI: freshDatabase() };
    const [one, stopped] = await Promise.all([listening(settings), listening(settings)]);
    const email = 'stopped@example.com';
    const before = jwtOf(await signup(stopped.url, email));
    for (let times = 0; times < 2; times += 1) {
      stopped.child.kill('SIGSTOP');
      const kid = await signerOf(one.url, email);
      // It comes while the process is stopped, and is answered afterwards.
      let waiting: Promise<string> | undefined;
      await until(async () => {
        const present = await signerOf(one.url, email);
        if (present === kid) return false;
        waiting = signerOf(stopped.url, email);
        return true;
      }, waitMs);
      // It was then stopped for longer than half the grace, and the key is over by every clock.
      await new Promise((resolve) => setTimeout(resolve, 2000));
      stopped.child.kill('SIGCONT');
      expect(await waiting).not.toBe(kid);
      expect(await signerOf(stopped.url, email)).not.toBe(kid);
    }
    expect(await whoIs(stopped.url, before)).toBe(email);
    expect(await whoIs(one.url, before)).toBe(email);
  });
});

describe('the command revoke-key', () => {
  it('signs everybody out of every process within the time of a reading, and everybody can sign in at once', async () => {
    const settings = { KEY_GRACE_SECONDS: '6', MONGO_URI: freshDatabase() };
    const processes = await Promise.all([listening(settings), listening(settings)]);
    const [one, other] = processes as [ListeningProcess, ListeningProcess];
    const email = 'revoked@example.com';
    const jwt = jwtOf(await signup(one.url, email));
    for (const { url } of processes) expect(await whoIs(url, jwt)).toBe(email);
    const run = runCommand(['revoke-key', kidOf(jwt), '--yes'], settings);
    expect(await run.ended).toBe(0);
    for (const { url } of processes) await until(async () => (await whoIs(url, jwt)) === undefined, waitMs);
    let after = '';
    // It may read the keyring later than that on a busy machine.
    await until(async () => {
      after = jwtOf(await signIn(one.url, email));
      return kidOf(after) !== kidOf(jwt);
    }, waitMs);
    for (const { url } of [other, one]) expect(await whoIs(url, after)).toBe(email);
  });
});

describe('KEY_ENCRYPTION_KEY', () => {
  it('is replaced while the service runs, and no request fails', async () => {
    const [old, newest] = [encryptionKey(), encryptionKey()];
    const settings = { ...quick, KEY_ROTATION_SECONDS: '10', MONGO_URI: freshDatabase() };
    const both = `${newest},${old}`;
    let processes = await Promise.all([1, 2].map(() => listening({ ...settings, KEY_ENCRYPTION_KEY: old })));
    const urls = processes.map(({ url }) => url);
    const load = await underLoad(urls);
    const roll = async (KEY_ENCRYPTION_KEY: string): Promise<void> => {
      const next: ListeningProcess[] = [];
      for (const former of processes) {
        const started = await listening({ ...settings, KEY_ENCRYPTION_KEY });
        next.push(started);
        urls.splice(urls.indexOf(former.url), 1, started.url);
        // What it was sent before ends well; the ingress takes time to learn it, too.
        await new Promise((resolve) => setTimeout(resolve, 1000));
        former.child.kill('SIGTERM');
        expect(await former.ended).toBe(0);
      }
      processes = next;
    };
    await roll(both);
    const reencrypt = runCommand(['reencrypt-keys'], { ...settings, KEY_ENCRYPTION_KEY: both });
    expect(await reencrypt.ended).toBe(0);
    await roll(newest);
    const seen = load.kids().length;
    await until(() => Promise.resolve(load.kids().length > seen || load.hasFailed()), waitMs);
    expect((await load.stop()).failures).toEqual([]);
    const alone = start({ ...settings, KEY_ENCRYPTION_KEY: old });
    expect(await alone.ended).toBe(1);
    expect(alone.output()).toMatch(/^auth: KEY_ENCRYPTION_KEY must contain the key with which/m);
  });

  it('S25 that is another one ends the process at its start, and changes nothing', async () => {
    const MONGO_URI = freshDatabase();
    const first = await listening({ MONGO_URI });
    first.child.kill('SIGTERM');
    await first.ended;
    const client = await connectTo(MONGO_URI);
    const before = await client.db().collection('keyring').find().toArray();
    const wrong = randomBytes(32).toString('base64');
    const process = start({ MONGO_URI, KEY_ENCRYPTION_KEY: wrong });
    expect(await process.ended).toBe(1);
    expect(process.output()).toMatch(/^auth: KEY_ENCRYPTION_KEY must contain the key with which/m);
    expect(process.output()).not.toContain(wrong);
    expect(await client.db().collection('keyring').find().toArray()).toEqual(before);
    await client.close();
  });
});
