import type { mongo } from 'mongoose';
import { becomePrimary } from '../../dev/replica-set';
import { connectTo } from '../test/database';
import { startPlainMongod, type PlainMongod } from '../test/plain-mongod';
import { runCommand, signup, useProcesses } from '../test/process';

const { listening } = useProcesses();
let mongod: PlainMongod;
let uri: string;
let client: mongo.MongoClient;

beforeAll(async () => {
  mongod = await startPlainMongod(['--replSet', 'rs0', '--setParameter', 'enableTestCommands=1']);
  const { host } = new URL(mongod.uri('auth'));
  await becomePrimary(host, AbortSignal.timeout(30_000));
  uri = `${mongod.uri('auth')}?replicaSet=rs0`;
  client = await connectTo(uri);
});
afterAll(async () => {
  await client.close();
  await mongod.stop();
});

/** Has writes fail as MongoDB does with no space left on its disk. */
const full = (mode: string, namespace?: string): Promise<mongo.Document> =>
  client.db('admin').command({
    configureFailPoint: 'failCommand',
    mode,
    data: {
      failCommands: ['insert', 'update', 'delete', 'findAndModify'],
      errorCode: 14031,
      failInternalCommands: false,
      ...(namespace !== undefined && { namespace }),
    },
  });
afterEach(() => full('off'));

const signIn = (url: string, password: string): Promise<Response> =>
  fetch(`${url}/api/users/signin`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ email: 'full@example.com', password }),
  });

describe('a database whose disk is full', () => {
  it('S50 answers 503 to a sign-in, what is blocked stays blocked, and nothing fails open', async () => {
    const { url } = await listening({ MONGO_URI: uri, LIMITS_WAIT_MS: '5000' });
    await signup(url, 'full@example.com');
    await full('alwaysOn');
    for (const password of ['a wrong password', 'correct horse']) {
      const answer = await signIn(url, password);
      expect([answer.status, answer.headers.get('Retry-After')]).toEqual([503, '2']);
      expect(answer.headers.get('Set-Cookie')).toBeNull();
    }
    await full('off');
    for (let n = 0; n < 10; n += 1) expect((await signIn(url, 'a wrong password')).status).toBe(400);
    expect((await signIn(url, 'a wrong password')).status).toBe(429);
    await full('alwaysOn');
    expect((await signIn(url, 'a wrong password')).status).toBe(429);
  });

  it('ends a command with an error where the audit trail can’t be written, and does nothing', async () => {
    const limits = client.db('auth').collection('limits');
    const run = (command: string) => runCommand([command, 'full@example.com'], { MONGO_URI: uri });
    const first = run('why');
    expect(await first.ended).toBe(0);
    const before = await limits.countDocuments();
    await full('alwaysOn', 'auth.audit');
    for (const command of ['why', 'unblock']) {
      const { ended, output } = run(command);
      expect(await ended).toBe(1);
      expect(output()).toContain('auth: The audit trail could not be written');
    }
    expect(await limits.countDocuments()).toBe(before);
  });
});
