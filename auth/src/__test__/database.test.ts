import type { mongo } from 'mongoose';
import { startMongod, type Mongod } from '../../dev/mongod';
import { connectTo, freshDatabase } from '../test/database';
import { endpoints } from '../test/endpoints';
import { startPlainMongod } from '../test/plain-mongod';
import { freePort, signup, statusOf, until, useProcesses } from '../test/process';

const { start, listening } = useProcesses();
const mongods: Pick<Mongod, 'stop'>[] = [];

afterAll(async () => {
  for (const mongod of mongods) await mongod.stop();
});

describe('a database that is not there', () => {
  it('R7 R10 leaves the service alive and not ready, until it comes and has its indexes', async () => {
    const mongoPort = await freePort();
    const healthPort = await freePort();
    const port = await freePort();
    const service = start({
      MONGO_URI: `mongodb://127.0.0.1:${mongoPort}/late?replicaSet=rs0`,
      PORT: String(port),
      HEALTH_PORT: String(healthPort),
    });
    const health = `http://127.0.0.1:${healthPort}`;
    await until(async () => (await statusOf(`${health}/livez`)) === 200);
    await service.line(/"msg":"MongoDb not ready"/);
    expect(await statusOf(`${health}/readyz`)).toBe(503);
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();

    const mongod = await startMongod({ port: mongoPort, say: () => undefined });
    mongods.push(mongod);
    // How fast it is in both, assurance.timing.ts tells, which has the machine to itself.
    await until(async () => (await statusOf(`${health}/readyz`)) === 200);
    const client = await connectTo(mongod.uri('late'));
    expect(await client.db().collection('users').indexExists('email_1')).toBe(true);
    await client.close();
    expect(await statusOf(`http://127.0.0.1:${port}/api/users/currentuser`)).toBe(200);
  });

  it('R10 is not ready while the unique index can’t be built, and says why', async () => {
    const database = freshDatabase();
    const client = await connectTo(database);
    await client
      .db()
      .collection('users')
      .insertMany([{ email: 'a@b.c' }, { email: 'a@b.c' }]);
    const healthPort = await freePort();
    const service = start({ MONGO_URI: database, HEALTH_PORT: String(healthPort) });
    await service.line(/E11000/);
    expect(await statusOf(`http://127.0.0.1:${healthPort}/readyz`)).toBe(503);
    await client.db().collection('users').deleteMany({});
    await service.line(/"msg":"Listening"/);
    expect(await statusOf(`http://127.0.0.1:${healthPort}/readyz`)).toBe(200);
    await client.close();
  });

  it('ends with 0 when it is told to stop while it waits', async () => {
    const service = start({ MONGO_URI: `mongodb://127.0.0.1:${await freePort()}/none` });
    await service.line(/"msg":"MongoDb not ready"/);
    service.child.kill('SIGTERM');
    expect(await service.ended).toBe(0);
  });

  it('S50 is answered with 503 and Retry-After at every endpoint, and opens no door', async () => {
    const mongoPort = await freePort();
    let mongod = await startMongod({ port: mongoPort, say: () => undefined });
    const service = await listening({
      MONGO_URI: mongod.uri('auth'),
      SMTP_URL: `smtp://127.0.0.1:${await freePort()}`,
    });
    const cookieOf = async (email: string): Promise<string> =>
      (await signup(service.url, email)).headers.get('Set-Cookie') ?? '';
    const cookies = { user: await cookieOf('lost@example.com'), admin: await cookieOf('root@example.com') };
    const client = await connectTo(mongod.uri('auth'));
    const promoted = { $set: { role: 'admin' } };
    await client.db().collection('users').updateOne({ email: 'root@example.com' }, promoted);
    await client.close();
    await mongod.stop();

    const ask = (cookie: string, method: string, path: string, body?: object): Promise<Response> =>
      fetch(`${service.url}/api/users${path}`, {
        method: method.toUpperCase(),
        headers: { Cookie: cookie, 'Content-Type': 'application/json' },
        ...(body && { body: JSON.stringify(body) }),
      });
    // The public keys are known for half of KEY_GRACE_SECONDS.
    const asking = endpoints.filter(([, path]) => path !== '/.well-known/jwks.json');
    const answers = Object.entries(cookies).flatMap(([who, cookie]) =>
      asking.map(async ([method, path, , body]) => {
        const answer = await ask(cookie, method, path, body);
        const retryAfter = answer.headers.get('Retry-After');
        const setCookie = answer.headers.get('Set-Cookie');
        const asked = `${method} ${path} as ${who}`;
        return { asked, retryAfter, setCookie, status: answer.status, body: await answer.json() };
      }),
    );
    for (const answer of await Promise.all(answers)) {
      expect(answer).toEqual({
        asked: answer.asked,
        status: 503,
        retryAfter: expect.stringMatching(/^\d+$/),
        setCookie: null,
        body: { errors: [{ message: 'Database not reachable', code: 'database_unavailable' }] },
      });
    }
    expect(await statusOf(`${service.healthUrl}/livez`)).toBe(200);
    expect(service.output()).not.toContain('correct horse');

    mongod = await startMongod({ port: mongoPort, say: () => undefined });
    mongods.push(mongod);
    await until(async () => (await ask(cookies.user, 'get', '/currentuser')).status === 200);
    expect(service.child.exitCode).toBeNull();
  });
});

describe('a standalone mongod', () => {
  it.each(['', '?replicaSet=rs0'])(
    'F25 is refused in plain words until it is a replica set of one (%s)',
    async (query) => {
      const mongod = await startPlainMongod();
      mongods.push(mongod);
      const healthPort = await freePort();
      const service = start({ MONGO_URI: mongod.uri('auth') + query, HEALTH_PORT: String(healthPort) });
      const health = `http://127.0.0.1:${healthPort}`;
      const line = await service.line(/not a replica set/);
      expect(line).toContain('`--replSet rs0`');
      expect(line).toContain("`mongosh --eval 'rs.initiate()'`");
      expect(line).not.toContain('    at ');
      expect(await statusOf(`${health}/livez`)).toBe(200);
      expect(await statusOf(`${health}/readyz`)).toBe(503);

      await mongod.restart(['--replSet', 'rs0']);
      const client = await connectTo(`${mongod.uri('admin')}?directConnection=true`);
      await client.db().command({ replSetInitiate: {} });
      await client.close();
      const { port } = JSON.parse(await service.line(/"msg":"Listening"/)) as { port: number };
      expect(await statusOf(`${health}/readyz`)).toBe(200);
      expect((await signup(`http://127.0.0.1:${port}`, 'first@example.com')).status).toBe(201);
      expect(service.output().match(/not a replica set/g)).toHaveLength(1);
    },
  );
});

describe('a member of a replica set', () => {
  it('F31 is not used where the URI names another set, or leads to a secondary alone', async () => {
    const mongod = await startPlainMongod(['--replSet', 'rs0']);
    mongods.push(mongod);
    const client = await connectTo(`${mongod.uri('admin')}?directConnection=true`);
    const members = [{ _id: 0, host: new URL(mongod.uri('x').replace('mongodb:', 'http:')).host }];
    await client.db().command({ replSetInitiate: { _id: 'rs0', members } });
    await until(async () => (await client.db().command({ hello: 1 }))['isWritablePrimary'] === true);
    const named = start({ MONGO_URI: `${mongod.uri('auth')}?replicaSet=other` });
    expect(await named.line(/another replica set/)).not.toContain('    at ');
    await client.db().command({ replSetStepDown: 30, force: true });
    const direct = start({ MONGO_URI: `${mongod.uri('auth')}?directConnection=true` });
    expect(await direct.line(/not the primary/)).not.toContain('    at ');
    await client.close();
  });
});

describe('the unique index', () => {
  it.each([
    ['is dropped', (db: mongo.Db) => db.collection('users').dropIndex('email_1')],
    ['goes with its collection', (db: mongo.Db) => db.collection('users').drop()],
    ['goes with its database', (db: mongo.Db) => db.dropDatabase()],
  ])('F30 stops the service from being ready when it %s, and every sign-up', async (_how, drop) => {
    const database = freshDatabase();
    const { url, healthUrl, line } = await listening({ MONGO_URI: database });
    const client = await connectTo(database);
    const users = client.db().collection('users');
    expect(await statusOf(`${healthUrl}/readyz`)).toBe(200);
    expect((await signup(url, 'before@example.com')).status).toBe(201);
    await drop(client.db());
    const same = await Promise.all([1, 2, 3, 4].map(() => signup(url, 'same@example.com')));
    expect(same.map(({ status }) => status)).toEqual([503, 503, 503, 503]);
    expect(await users.countDocuments({ email: 'same@example.com' })).toBe(0);
    expect(await users.indexExists('email_1').catch(() => false)).toBe(false);
    await until(async () => (await statusOf(`${healthUrl}/readyz`)) === 503, 10_000);
    expect(await statusOf(`${healthUrl}/livez`)).toBe(200);
    expect(await line(/users: the unique index/)).toContain('`node dist/cli.js migrate`');
    await listening({ MONGO_URI: database });
    await until(async () => (await statusOf(`${healthUrl}/readyz`)) === 200, 10_000);
    const again = await Promise.all([1, 2, 3].map(() => signup(url, 'same@example.com')));
    expect(again.map(({ status }) => status).sort()).toEqual([201, 400, 400]);
    await client.close();
  });

  it('F30 may have another name, and other indexes of the address beside it', async () => {
    const database = freshDatabase();
    const client = await connectTo(database);
    const users = client.db().collection('users');
    await users.createIndexes([
      { key: { email: 1 }, unique: true, name: 'addresses' },
      { key: { email: 1 }, collation: { locale: 'de' }, name: 'sorted' },
    ]);
    const { url } = await listening({ MONGO_URI: database });
    expect((await signup(url, 'first@example.com')).status).toBe(201);
    expect((await signup(url, 'first@example.com')).status).toBe(400);
    await client.close();
  });
});

describe('a transaction that a killed process left open', () => {
  it('keeps a start that has a validator to change waiting, and nobody from signing up meanwhile', async () => {
    const database = freshDatabase();
    const healthy = await listening({ MONGO_URI: database });
    expect((await signup(healthy.url, 'first@example.com')).status).toBe(201);
    const client = await connectTo(database);
    await client.db().command({ collMod: 'users', validator: {} });
    const session = client.startSession();
    session.startTransaction();
    await client
      .db()
      .collection('users')
      .updateMany({}, { $set: { stayed: 1 } }, { session });

    const starting = start({ MONGO_URI: database });
    await starting.line(/"msg":"users: waiting for an open transaction/);
    const statuses: number[] = [];
    for (let n = 0; n < 20; n += 1) {
      statuses.push((await signup(healthy.url, `meanwhile-${n}@example.com`)).status);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(statuses).toEqual(Array(20).fill(201));
    expect(starting.output()).not.toContain('Listening');
    await session.abortTransaction();
    await starting.line(/"msg":"Listening"/);
    await client.close();
  });
});
