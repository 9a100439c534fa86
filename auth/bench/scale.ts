import { mongo } from 'mongoose';
import { startMongod } from '../dev/mongod';
import { markdownTable } from './markdown';
import { Connection } from './processes/connection';
import { accountAddress } from './requests';
import { openSessions, seedAccounts } from './seed';
import { startService } from './service';
import { percentile, spreadOf } from './statistics';

// `npm run bench:scale`: whether requests do the same in a database with a million accounts and sessions as in a small one.

const sizes = { small: 2000, large: 1_000_000 };
const rounds = 5;
const secondsEach = 1;
const batchSize = 10_000;

const say = (line: string): void => void process.stderr.write(`bench: ${line}\n`);

/** A service with a database of its own, and the requests that it is sent. */
interface Subject {
  db: mongo.Db;
  port: number;
  connection: Connection;
  requests: Record<string, (turn: number) => string>;
}

type AtEnd = (end: () => unknown) => void;

async function main(): Promise<void> {
  const endings: (() => unknown)[] = [];
  const atEnd: AtEnd = (end) => endings.unshift(end);
  try {
    const mongod = await startMongod({ say });
    atEnd(mongod.stop);
    const client = new mongo.MongoClient(mongod.uri('admin'));
    atEnd(() => client.close());
    const small = await setUp('small', mongod.uri, client, atEnd);
    const large = await setUp('large', mongod.uri, client, atEnd);
    process.stdout.write(`${await timeTable(small, large)}\n\n`);
    process.stdout.write(`${await planTable(small, large)}\n\n${await sizeTable(large)}\n`);
  } finally {
    for (const end of endings) await end();
  }
}

async function setUp(
  name: keyof typeof sizes,
  uriOf: (database: string) => string,
  client: mongo.MongoClient,
  atEnd: AtEnd,
): Promise<Subject> {
  const db = client.db(name);
  const mongoUri = uriOf(name);
  const service = await startService({ MONGO_URI: mongoUri, SESSIONS_IN_MEMORY: '0' });
  atEnd(service.stop);
  const url = `http://127.0.0.1:${service.port}`;
  await seedAccounts({ url, mongoUri }, accountAddress, 100);
  const cookies = await openSessions(url, 8);
  say(`${name}: ${sizes[name]} accounts with a session each`);
  await grow(db, sizes[name]);
  await db.collection('users').updateOne({ email: accountAddress(0) }, { $set: { role: 'admin' } });
  const ids = await db
    .collection('users')
    .aggregate([{ $sample: { size: 500 } }])
    .toArray();
  return {
    db,
    port: service.port,
    connection: new Connection(service.port),
    requests: requestsOf(
      cookies,
      ids.map(({ _id }) => String(_id)),
      sizes[name],
    ),
  };
}

/** Adds copies of an account and of its session until there are so many. */
async function grow(db: mongo.Db, size: number): Promise<void> {
  const users = db.collection('users');
  const sessions = db.collection<{ _id: string; user: mongo.ObjectId }>('sessions');
  const user = await users.findOne({ email: accountAddress(99) });
  const session = await sessions.findOne({ endedAt: { $exists: false } });
  if (!user || !session) throw new Error('nothing to copy');
  for (let from = 100; from < size; from += batchSize) {
    const numbers = Array.from({ length: Math.min(batchSize, size - from) }, (_, index) => from + index);
    const owners = numbers.map((number) => ({
      ...user,
      _id: new mongo.BSON.ObjectId(),
      email: accountAddress(number),
    }));
    await users.insertMany(owners, { ordered: false });
    await sessions.insertMany(
      owners.map(({ _id }) => ({ ...session, _id: _id.toHexString().slice(2), user: _id })),
      { ordered: false },
    );
  }
}

function requestsOf(cookies: string[], ids: string[], size: number): Subject['requests'] {
  const pick = (list: string[], turn: number): string => list[turn % list.length] ?? '';
  const get = (path: string, cookie: string): string =>
    `GET /api/users${path} HTTP/1.1\r\nHost: bench.example\r\nCookie: ${cookie}\r\n\r\n`;
  const admin = pick(cookies, 0);
  return {
    'session check': (turn) => get('/currentuser', pick(cookies, turn)),
    'list of sessions': (turn) => get('/sessions', pick(cookies, turn)),
    'admin: one user': (turn) => get(`/${pick(ids, turn)}`, admin),
    'admin: first page': () => get('/?limit=20', admin),
    'admin: search by prefix': (turn) => {
      const prefix = accountAddress((turn * 7919) % size).slice(0, -'1@example.com'.length);
      return get(`/?email=${prefix}&limit=20`, admin);
    },
    'admin: admins': () => get('/?role=admin', admin),
  };
}

async function ask(subject: Subject, name: string, turn: number): Promise<number> {
  const { port, requests } = subject;
  // The service closes a connection that nobody uses for some time.
  if (!subject.connection.isOpen) subject.connection = new Connection(port);
  const began = performance.now();
  const status = await subject.connection.send(requests[name]?.(turn) ?? '');
  if (status !== 200) throw new Error(`${name} was answered with ${status}`);
  return performance.now() - began;
}

/** One caller, in turns of both databases. */
async function timeTable(small: Subject, large: Subject): Promise<string> {
  const names = Object.keys(small.requests);
  const medians = new Map<string, [number, number][]>(names.map((name) => [name, []]));
  const timeOf = async (subject: Subject, name: string): Promise<number> => {
    const times: number[] = [];
    const end = performance.now() + secondsEach * 1000;
    while (performance.now() < end) times.push(await ask(subject, name, times.length));
    return percentile(times, 0.5);
  };
  for (const name of names) await timeOf(large, name);
  for (let round = 1; round <= rounds; round += 1) {
    say(`round ${round} of ${rounds}`);
    for (const name of names) medians.get(name)?.push([await timeOf(small, name), await timeOf(large, name)]);
  }
  const rows = names.map((name) => {
    const pairs = medians.get(name) ?? [];
    const ms = (index: 0 | 1): string => spreadOf(pairs.map((pair) => pair[index])).median.toFixed(2);
    const ratio = spreadOf(pairs.map(([few, many]) => many / few));
    return [
      name,
      ms(0),
      ms(1),
      `${ratio.median.toFixed(2)} (${ratio.min.toFixed(2)} to ${ratio.max.toFixed(2)})`,
    ];
  });
  return markdownTable(['p50 in ms', `${sizes.small}`, `${sizes.large}`, 'ratio'], rows);
}

/** What MongoDB's profiler tells of one request of each kind. */
async function planTable(small: Subject, large: Subject): Promise<string> {
  const rows: string[][] = [];
  for (const name of Object.keys(small.requests))
    rows.push([name, await planOf(small, name), await planOf(large, name)]);
  return markdownTable(['plan, keys and documents examined', `${sizes.small}`, `${sizes.large}`], rows);
}

interface Profiled {
  ns: string;
  planSummary?: string;
  keysExamined?: number;
  docsExamined?: number;
}

async function planOf(subject: Subject, name: string): Promise<string> {
  const { db } = subject;
  const turn = 5;
  await db.command({ profile: 0 });
  await db.collection('system.profile').drop();
  await db.command({ profile: 2 });
  await ask(subject, name, turn);
  await db.command({ profile: 0 });
  const entries = await db
    .collection('system.profile')
    .find({
      ns: { $in: [`${db.databaseName}.users`, `${db.databaseName}.sessions`] },
      op: { $ne: 'getmore' },
    })
    .sort({ ts: 1 })
    .toArray();
  return (entries as unknown as Profiled[])
    .map(
      ({ ns, planSummary = 'none', keysExamined = 0, docsExamined = 0 }) =>
        `${ns.split('.')[1] ?? ''} ${planSummary} ${keysExamined}/${docsExamined}`,
    )
    .join('; ');
}

async function sizeTable({ db }: Subject): Promise<string> {
  const rows: string[][] = [];
  const megabytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);
  for (const name of ['users', 'sessions']) {
    const [stats] = await db
      .collection(name)
      .aggregate<{
        storageStats: { size: number; storageSize: number; indexSizes: Record<string, number> };
      }>([{ $collStats: { storageStats: {} } }])
      .toArray();
    const { size = 0, storageSize = 0, indexSizes = {} } = stats?.storageStats ?? {};
    rows.push([name, megabytes(size), megabytes(storageSize)]);
    for (const [index, bytes] of Object.entries(indexSizes))
      rows.push([`${name}, index ${index}`, '', megabytes(bytes)]);
  }
  return markdownTable([`MB at ${sizes.large}`, 'data', 'on disk'], rows);
}

main().then(
  () => process.exit(),
  (error: unknown) => {
    say(error instanceof Error ? error.message : 'failed');
    process.exit(1);
  },
);
