import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { startMongod, type Mongod } from '../../dev/mongod';
import { connectTo } from '../test/database';
import { useProcesses } from '../test/process';

const { listening } = useProcesses();
const requests = 1000;
const atOnce = 20;
// A clock tick of /proc, in ms.
const tickMs = 10;

/** The CPU time that a process has used, in user and system mode, in ms. */
function cpuMs(pid: number): number {
  // The name in brackets may contain spaces.
  const [, rest = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
  const fields = rest.split(' ');
  return (Number(fields[11]) + Number(fields[12])) * tickMs;
}

describe('the CPU time of a refused sign-in', () => {
  let mongod: Mongod;
  beforeAll(async () => {
    mongod = await startMongod({ say: () => undefined });
  });
  afterAll(async () => {
    await mongod.stop();
  });

  // It prints its figures even where the machine is very slow.
  it('is small, and smaller once this process knows of the block', async () => {
    const uri = mongod.uri('auth');
    const { url, child } = await listening({ MONGO_URI: uri, LOG_LEVEL: 'info' });
    const client = await connectTo(uri);
    const { pid: databasePid } = (await client.db().admin().serverStatus()) as { pid: number };

    const post = async (path: string, email: string, status: number, cookie = ''): Promise<void> => {
      const answer = await fetch(`${url}/api/users/${path}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Cookie: cookie },
        body: JSON.stringify({ email, password: 'a wrong password' }),
      });
      await answer.text();
      expect(answer.status).toBe(status);
    };
    const refused = (email: string) => post('signin', email, 429);
    /** A refusal of a browser that says it is a known device, which the database must be asked about. */
    const refusedDevice = (email: string) => post('signin', email, 429, `device=${'a'.repeat(22)}`);
    /** The same request, for which the service has nothing to do. */
    const empty = (email: string) => post('signout', email, 200);
    /** Blocks addresses as another process would have. */
    const block = async (emails: string[]): Promise<void> => {
      const hashOf = (text: string): string => createHash('sha256').update(text).digest('base64url');
      const expire = new Date(Date.now() + 900_000);
      const keys = emails.map((email) => `signinAccountNetwork:${hashOf(email)}:${hashOf('127.0.0.1')}`);
      await client
        .db()
        .collection('limits')
        .insertMany(keys.map((key) => ({ key, points: 10, expire })));
    };
    const costOf = async (
      emails: string[],
      send = refused,
    ): Promise<{ service: number; database: number }> => {
      const before = [cpuMs(child.pid ?? 0), cpuMs(databasePid)] as const;
      for (let n = 0; n < emails.length; n += atOnce)
        await Promise.all(emails.slice(n, n + atOnce).map(send));
      const [service, database] = before;
      return {
        service: (cpuMs(child.pid ?? 0) - service) / emails.length,
        database: (cpuMs(databasePid) - database) / emails.length,
      };
    };
    const named = (name: string): string[] =>
      Array.from({ length: requests }, (_, n) => `${name}-${n}@example.com`);

    await block([...named('warm'), ...named('asked')]);
    await costOf(named('warm'));
    const asked = await costOf(named('asked'));
    const one = Array<string>(2 * requests).fill('asked-1@example.com');
    const known = await costOf(one);
    const device = await costOf(one, refusedDevice);
    const nothing = await costOf(one, empty);
    await client.close();

    const show = ({ service, database }: typeof asked): string =>
      `${service.toFixed(2)} ms of the service and ${database.toFixed(2)} ms of the database`;
    const figures = Object.entries({
      'a sign-in that the database refuses': asked,
      'one of a block that the process knows': known,
      'the same with a made-up cookie `device`': device,
      'an empty request': nothing,
    });
    for (const [what, cost] of figures) process.stderr.write(`${what} costs ${show(cost)}\n`);
    // A ratio, because a busy machine counts more CPU time for the same work. The figures are what is printed.
    const beyondNothing = ({ service, database }: typeof asked): number =>
      service + database - nothing.service - nothing.database;
    expect(beyondNothing(known)).toBeLessThan(beyondNothing(asked) / 3);
  }, 180_000);
});
