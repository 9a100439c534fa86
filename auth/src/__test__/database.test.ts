import { startMongod, type Mongod } from '../../dev/mongod';
import { connectTo, freshDatabase } from '../test/database';
import { freePort, signup, statusOf, until, useProcesses } from '../test/process';

const { start, listening } = useProcesses();
const mongods: Mongod[] = [];

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
    const asked = performance.now();
    expect(await statusOf(`${health}/readyz`)).toBe(503);
    expect(performance.now() - asked).toBeLessThan(100);
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();

    const mongod = await startMongod({ port: mongoPort, say: () => undefined });
    mongods.push(mongod);
    const there = Date.now();
    await until(async () => (await statusOf(`${health}/readyz`)) === 200);
    expect(Date.now() - there).toBeLessThan(5000);
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
    const service = await listening({ MONGO_URI: mongod.uri('auth') });
    const cookie = (await signup(service.url, 'lost@example.com')).headers.get('Set-Cookie') ?? '';
    await mongod.stop();

    const ask = (method: string, path: string, body?: object): Promise<Response> =>
      fetch(`${service.url}/api/users${path}`, {
        method,
        headers: { Cookie: cookie, 'Content-Type': 'application/json' },
        ...(body && { body: JSON.stringify(body) }),
      });
    const credentials = { email: 'lost@example.com', password: 'correct horse battery' };
    const answers = await Promise.all([
      ask('POST', '/signup', credentials),
      ask('POST', '/signin', credentials),
      ask('POST', '/signout', {}),
      ask('GET', '/currentuser'),
      ask('GET', '/sessions'),
      ask('DELETE', '/sessions'),
      ask('DELETE', '/sessions/some-id'),
    ]);
    for (const answer of answers) {
      expect(answer.status).toBe(503);
      expect(answer.headers.get('Retry-After')).toMatch(/^\d+$/);
      expect(answer.headers.get('Set-Cookie')).toBeNull();
      expect(await answer.json()).toEqual({ errors: [{ message: 'Database not reachable' }] });
    }
    expect(await statusOf(`${service.healthUrl}/livez`)).toBe(200);
    expect(service.output()).not.toContain('correct horse');

    mongod = await startMongod({ port: mongoPort, say: () => undefined });
    mongods.push(mongod);
    await until(async () => (await ask('GET', '/currentuser')).status === 200);
    expect(service.child.exitCode).toBeNull();
  });
});
