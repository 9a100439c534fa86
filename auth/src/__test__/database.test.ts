import { startMongod, type Mongod } from '../../dev/mongod';
import { connectTo, freshDatabase } from '../test/database';
import { endpoints } from '../test/endpoints';
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
    const answers = Object.entries(cookies).flatMap(([who, cookie]) =>
      endpoints.map(async ([method, path, , body]) => {
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
        body: { errors: [{ message: 'Database not reachable' }] },
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
