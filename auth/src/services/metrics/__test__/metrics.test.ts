import crypto from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import request from 'supertest';
import { buildHealth } from '../../../health';
import { endpoints } from '../../../test/endpoints';
import { samplesIn, valueOf } from '../../../test/metrics';
import { until } from '../../../test/process';
import { sendRaw } from '../../../test/raw';
import { cheapCost, password, useService } from '../../../test/service';
import { Password } from '../../passwords/password';
import { Metrics } from '../metrics';

const service = useService({ rates: { signinAccountNetwork: '3/15m' } });
const api = '/api/users';
const someId = 'a'.repeat(24);

const valueNow = (name: string, labels?: Record<string, string>) => valueOf(service.metrics, name, labels);

const signIn = (email: string, secret = password) =>
  service.api().post(`${api}/signin`).send({ email, password: secret });

/** All series, with neither buckets nor values. */
const series = async (): Promise<string[]> =>
  samplesIn(await service.metrics.text())
    .map(
      ({ name, labels: { le, ...labels } }) =>
        `${name}${le === undefined ? '' : ' le'} ${JSON.stringify(labels)}`,
    )
    .sort();

describe('docs/metrics.md', () => {
  const page = readFileSync(path.resolve(__dirname, '../../../../docs/metrics.md'), 'utf8');

  it('lists each metric of the service with its type and labels, and no other', async () => {
    await service.api().get(`${api}/currentuser`).expect(200);
    // A health server adds whether the service is ready.
    await request(buildHealth(() => true, service.metrics)).get('/readyz');
    const text = await service.metrics.text();
    const labelsOf = (name: string) => {
      const own = samplesIn(text).filter(
        (sample) => sample.name.replace(/_(bucket|sum|count)$/, '') === name,
      );
      const labels = new Set(own.flatMap((sample) => Object.keys(sample.labels)));
      labels.delete('le');
      return [...labels].sort();
    };
    const exported = [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)];
    const listed = [...page.matchAll(/^\| `(auth_\w+)` +\| (\w+) +\|([^|]*)\|/gm)];
    expect(listed.map(([, name, type, labels]) => [name, type, labels?.match(/\w+/g) ?? []]).sort()).toEqual(
      exported.map(([, name = '', type]) => [name, type, labelsOf(name)]).sort(),
    );
  });

  it('names metrics of the process that there are', async () => {
    const metrics = new Metrics();
    metrics.addProcess();
    const text = await metrics.text();
    const listed = [...page.matchAll(/^\| `((?:process|nodejs)_\w+)`/gm)].map(([, name]) => name);
    expect(listed.length).toBeGreaterThan(4);
    for (const name of listed) expect(text).toContain(`# TYPE ${name ?? ''} `);
  });
});

describe('the series', () => {
  const everyEndpoint = async (id: string): Promise<void> => {
    for (const [method, at, , body] of endpoints)
      await service
        .api()
        [method](`${api}${at.replace(/[0-9a-f]{24}|some-id/, id)}`)
        .send(body);
  };

  it('S60 do not become more by odd methods, paths, queries and headers, however many', async () => {
    await service.signedUp('flood@example.com');
    await everyEndpoint(someId);
    for (const [, at] of endpoints) await service.api().options(`${api}${at}`).expect(405);
    await service.api().get('/').expect(404);
    await service.api().head(`${api}/currentuser`).expect(200);
    for (const email of ['flood@example.com', 'nobody@example.com']) await signIn(email, 'a wrong password');
    await service.mailSettled();
    const before = await series();
    const methods = ['PROPFIND', 'MKCOL', 'SEARCH', 'PUT', 'OPTIONS', 'REPORT', 'DELETE'];
    const paths = Array.from(
      { length: 3000 },
      (_, n) =>
        [
          `/odd-${n}`,
          `${api}/odd/${n}`,
          `${api}/sessions/${n}`,
          `${api}/${n.toString(16).padStart(24, '0')}`,
          `${api}/signin?q=${n}`,
        ][n % 5],
    );
    const send = (n: number) =>
      `${methods[n % methods.length] ?? ''} ${paths[n] ?? ''} HTTP/1.1\r\nHost: odd-${n}.example\r\nX-Forwarded-For: 2001:db8::${n}\r\nUser-Agent: odd ${n}\r\n`;
    for (let first = 0; first < paths.length; first += 300) {
      const requests = Array.from({ length: 300 }, (_, n) => send(first + n));
      const last = requests.pop() ?? '';
      await sendRaw(
        service.url,
        `${requests.map((head) => `${head}\r\n`).join('')}${last}Connection: close\r\n\r\n`,
      );
    }
    expect([...new Set(await series())]).toEqual([...new Set(before)]);
    expect(before.length).toBeLessThan(1500);
  });

  it('have the template of the route, never the path, and `none` where there is none', async () => {
    await everyEndpoint(someId);
    await service.api().get('/elsewhere').expect(404);
    const requests = samplesIn(await service.metrics.text()).filter(
      ({ name }) => name === 'auth_request_seconds_count',
    );
    const routes = new Set(requests.map(({ labels }) => labels['route']));
    const templates = endpoints.map(([, at]) => at.replace(/[0-9a-f]{24}|some-id/, ':id'));
    expect([...routes].sort()).toEqual([...new Set([...templates, 'none'])].sort());
    const methods = new Set(requests.map(({ labels }) => labels['method']));
    expect([...methods].sort()).toEqual(['DELETE', 'GET', 'PATCH', 'POST', 'PUT', 'other']);
  });

  it('S47 hold no address, account or secret', async () => {
    const email = 'secretive@example.com';
    await service.signedUp(email);
    await signIn(email).set('X-Forwarded-For', '192.0.2.77').expect(200);
    await service.api().get(`${api}/?email=${email}`).set('X-Forwarded-For', '192.0.2.77');
    await service.api().get(`/${email}/192.0.2.77/${password}`).expect(404);
    const text = await service.metrics.text();
    const { _id } = await service.users.findOne({ email }).lean().orFail();
    for (const secret of ['@', 'secretive', 'example.com', '192.0.2', password, 'correct', _id.toHexString()])
      expect(text).not.toContain(secret);
  });
});

describe('what is counted', () => {
  it('sign-ins by how they end', async () => {
    const email = 'counted@example.com';
    await service.signedUp(email);
    const outcomes = ['success', 'invalid_credentials', 'limited', 'failed'];
    const counts = () =>
      Promise.all(
        outcomes.map(async (outcome) => (await valueNow('auth_sign_ins_total', { outcome })) ?? NaN),
      );
    const refused = () => valueNow('auth_limit_refusals_total', { limit: 'signinAccountNetwork' });
    const [before, refusedBefore = NaN] = [await counts(), await refused()];
    await signIn(email).expect(200);
    for (let n = 0; n < 3; n += 1) await signIn(email, 'a wrong password').expect(400);
    await signIn(email).expect(429);
    expect((await counts()).map((count, n) => count - (before[n] ?? NaN))).toEqual([1, 3, 1, 0]);
    expect(await refused()).toBe(refusedBefore + 1);
  });

  it('a request whose caller hangs up, and one that fails by a defect', async () => {
    const gone = () => valueNow('auth_request_seconds_count', { route: '/signin', status: 'gone' });
    const failed = () => valueNow('auth_requests_failed_total');
    const [before = 0, failedBefore = NaN] = [await gone(), await failed()];
    const find = jest.spyOn(service.users, 'findByAddress');
    find.mockRejectedValueOnce(new Error('a defect'));
    await signIn('defect@example.com').expect(500);
    find.mockImplementationOnce(() => new Promise(() => undefined));
    await expect(signIn('gone@example.com').timeout(300)).rejects.toThrow('Timeout');
    find.mockRestore();
    await until(async () => (await gone()) === before + 1);
    expect(await failed()).toBe(failedBefore + 1);
  });

  it('hashes that run, wait and are turned away, and how long they take', async () => {
    const metrics = new Metrics();
    const passwords = new Password({ cost: cheapCost, concurrency: 1, queue: 1, metrics });
    const held: (() => void)[] = [];
    const scrypt = crypto.scrypt;
    const spy = jest.spyOn(crypto, 'scrypt').mockImplementation((...args) => {
      held.push(() => {
        scrypt(...args);
      });
    });
    const hashes = Promise.allSettled(Array.from({ length: 4 }, () => passwords.toHash(password, caller())));
    expect(await valueOf(metrics, 'auth_hashes_running')).toBe(1);
    expect(await valueOf(metrics, 'auth_hashes_waiting')).toBe(1);
    expect(await valueOf(metrics, 'auth_hashes_turned_away_total')).toBe(2);
    spy.mockRestore();
    for (const run of held) run();
    expect((await hashes).filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    expect(await valueOf(metrics, 'auth_hash_seconds_count')).toBe(2);
    expect(await valueOf(metrics, 'auth_hashes_running')).toBe(0);
    expect(await valueOf(metrics, 'auth_hashes_waiting')).toBe(0);
  });

  it('commands to MongoDB by name, those that fail, and connections until they are given back', async () => {
    const finds = () => valueNow('auth_mongo_command_seconds_count', { command: 'find' });
    const failures = () => valueNow('auth_mongo_command_failures_total', { command: 'other' });
    const [before = 0, failedBefore = NaN] = [await finds(), await failures()];
    await service.users.findOne({ email: 'nobody@example.com' });
    await expect(service.connection.db?.command({ noSuchCommand: 1 })).rejects.toThrow();
    expect(await finds()).toBeGreaterThan(before);
    expect(await failures()).toBe(failedBefore + 1);
    // The change stream has one.
    await until(async () => (await valueNow('auth_mongo_connections_in_use')) === 1);
    const finding = Promise.all([1, 2, 3].map((n) => service.users.findOne({ email: `${n}@example.com` })));
    await until(async () => ((await valueNow('auth_mongo_connections_in_use')) ?? 0) > 1);
    await finding;
    await until(async () => (await valueNow('auth_mongo_connections_in_use')) === 1);
    await until(async () => (await valueNow('auth_mongo_connections_waiting')) === 0);
  });

  it('mails by outcome', async () => {
    const sent = () => valueNow('auth_mails_total', { outcome: 'sent' });
    await service.mailSettled();
    const before = (await sent()) ?? NaN;
    await service.signedUp('mailed@example.com');
    await service.mailTo('mailed@example.com');
    await until(async () => (await sent()) === before + 1);
  });
});

const caller = () => ({ ip: '', userAgent: '', requestId: '', signal: new AbortController().signal });

it('S58 the port of the API has no metrics', async () => {
  for (const at of ['/metrics', `${api}/metrics`]) await service.api().get(at).expect(404);
});

it('two services in a process share nothing', async () => {
  const [one, other] = [new Metrics(), new Metrics()];
  const count = one.counter('auth_something_total', 'Something');
  other.counter('auth_something_total', 'Something');
  count();
  expect(await valueOf(one, 'auth_something_total')).toBe(1);
  expect(await valueOf(other, 'auth_something_total')).toBe(0);
});
