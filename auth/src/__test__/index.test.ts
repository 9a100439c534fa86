import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { connectTo, freshDatabase } from '../test/database';
import { signup, statusOf, until, useProcesses } from '../test/process';

const { start, listening } = useProcesses();

describe('the process', () => {
  it('S25 ends with 1 and one line for each setting that is missing or wrong', async () => {
    const { ended, output } = start({
      NODE_ENV: 'production',
      PORT: 'many',
      JWT_PRIVATE_KEY: 'hush-hush',
      KEY_ENCRYPTION_KEY: 'hush',
      PASSWORD_COST: '',
    });
    expect(await ended).toBe(1);
    expect(output().trim().split('\n')).toEqual([
      expect.stringMatching(/^auth: PORT must be a whole number/),
      expect.stringMatching(/^auth: MONGO_URI must be set/),
      expect.stringMatching(/^auth: PUBLIC_URL must be set/),
      expect.stringMatching(/^auth: TRUST_PROXY must be set/),
      expect.stringMatching(/^auth: JWT_PRIVATE_KEY must be an EC P-256/),
      expect.stringMatching(/^auth: KEY_ENCRYPTION_KEY must be 32 random bytes/),
      'auth: SMTP_URL must be set, or MAIL to off',
    ]);
    expect(output()).not.toContain('hush');
  });

  it('S25 asks in production for a mail server, or to be told that there is none', async () => {
    const { ended, output } = start({
      NODE_ENV: 'production',
      MONGO_URI: freshDatabase(),
      PUBLIC_URL: 'https://ticketing.dev',
      TRUST_PROXY: '1',
      PASSWORD_COST: '',
    });
    expect(await ended).toBe(1);
    expect(output()).toBe('auth: SMTP_URL must be set, or MAIL to off\n');
  });

  it.each([
    ['mongodb://user:p%ss@hidden.example/auth', 'percent-encoded'],
    ['mongodb://hidden.example:99999/auth', 'ports'],
    ['mongodb://hidden.example/auth?newOption=p%ss', 'option newOption'],
    ['mongodb://hidden.example/auth?w=0', 'option w must be majority'],
  ])(
    'F31 ends with 1 and one line that names MONGO_URI and what is wrong with it: %s',
    async (uri, fault) => {
      const { ended, output } = start({ MONGO_URI: uri });
      expect(await ended).toBe(1);
      expect(output().trim().split('\n')).toEqual([
        expect.stringMatching(/^auth: MONGO_URI can’t be used: /),
      ]);
      expect(output()).toContain(fault);
      expect(output()).not.toMatch(/hidden|p%ss|    at /);
    },
  );

  it.each(['mongodb://user:hush@127.0.0.1:1/auth', 'mongodb+srv://user:hush@nowhere.invalid/auth'])(
    'S25 F31 goes on trying to reach a database that is not there, without its password in the log: %s',
    async (uri) => {
      const { child, ended, line, output } = start({ MONGO_URI: uri });
      await line(/"msg":"MongoDb not ready"/);
      child.kill('SIGTERM');
      expect(await ended).toBe(0);
      expect(output()).not.toContain('hush');
    },
  );

  it('asks the list of leaked passwords that it is told of', async () => {
    const hash = createHash('sha1').update('correct horse battery').digest('hex').toUpperCase();
    const list = createServer((req, res) => {
      res.end(req.url === `/range/${hash.slice(0, 5)}` ? `${hash.slice(5)}:37\r\n` : '');
    });
    await new Promise<void>((resolve) => list.listen(0, '127.0.0.1', resolve));
    const { port } = list.address() as AddressInfo;
    const { url } = await listening({
      MONGO_URI: freshDatabase(),
      PWNED_PASSWORDS_URL: `http://127.0.0.1:${port}/range/`,
    });
    const response = await signup(url, 'leaked@example.com');
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      errors: [{ message: 'Password is known from a data leak', code: 'password_leaked', field: 'password' }],
    });
    list.closeAllConnections();
    list.close();
  });

  it('R3 keeps an idle connection open for as long as the setting says', async () => {
    const { url } = await listening({ MONGO_URI: freshDatabase(), KEEP_ALIVE_SECONDS: '7' });
    const { headers } = await fetch(`${url}/api/users/currentuser`);
    expect(headers.get('keep-alive')).toBe('timeout=7');
  });

  it('says in a line that its port is taken, and ends with 1', async () => {
    const { url } = await listening({ MONGO_URI: freshDatabase() });
    const { ended, output } = start({ MONGO_URI: freshDatabase(), PORT: new URL(url).port });
    expect(await ended).toBe(1);
    expect(output()).toMatch(/^auth: Port \d+ is in use/m);
    expect(output()).not.toContain('    at ');
  });

  it('R2 turns unready at SIGTERM, finishes what runs, answers what waits with 503, and ends with 0', async () => {
    const service = await listening({ MONGO_URI: freshDatabase(), PASSWORD_COST: 'ln=15,r=8,p=3' });
    expect(await statusOf(`${service.healthUrl}/readyz`)).toBe(200);
    expect(await statusOf(`${service.healthUrl}/livez`)).toBe(200);
    expect(await statusOf(`${service.healthUrl}/metricz`)).toBe(404);
    let answered = 0;
    const answers = Array.from({ length: 66 }, async (_, n) => {
      const answer = await signup(service.url, `inflight-${n}@example.com`);
      answered += 1;
      return answer;
    });
    // Hashes run and the others wait: six answers take longer than the last connection needs to be accepted.
    await until(() => Promise.resolve(answered >= 6));
    service.child.kill('SIGTERM');
    const signalled = Date.now();
    await until(async () => (await statusOf(`${service.healthUrl}/readyz`)) === 503, 5000);
    const statuses = (await Promise.all(answers)).map(({ status, headers }) =>
      status === 503 ? `503 after ${headers.get('Retry-After') ?? ''}` : String(status),
    );
    expect(new Set(statuses)).toEqual(new Set(['201', '503 after 1']));
    expect(await service.ended).toBe(0);
    expect(Date.now() - signalled).toBeLessThan(10_000);
    expect(service.output()).toContain('"msg":"Stopped"');
  });

  it('S58 has metrics of itself and its process on the health port alone', async () => {
    const { url, healthUrl } = await listening({ MONGO_URI: freshDatabase() });
    expect(await statusOf(`${url}/api/users/currentuser`)).toBe(200);
    const response = await fetch(`${healthUrl}/metrics`);
    expect(response.headers.get('content-type')).toMatch(/^text\/plain; .*version=0\.0\.4/);
    const text = await response.text();
    expect(text).toMatch(/^auth_ready 1$/m);
    expect(text).toMatch(/^auth_request_seconds_count\{.*route="\/currentuser".*\} 1$/m);
    expect(text).toMatch(/^process_resident_memory_bytes \d+$/m);
    expect(await statusOf(`${url}/metrics`)).toBe(404);
  });

  it('ends at once at a second signal', async () => {
    const service = await listening({ MONGO_URI: freshDatabase() });
    // A request that never ends keeps the first signal waiting.
    const socket = connect(Number(new URL(service.url).port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(
      'POST /api/users/signup HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n',
    );
    await new Promise((resolve) => setTimeout(resolve, 200));
    service.child.kill('SIGINT');
    await service.line(/"msg":"Stopping"/);
    service.child.kill('SIGINT');
    expect(await service.ended).toBe(1);
    socket.destroy();
  });

  it('S11 gives one of 50 parallel sign-ups an account, over two processes', async () => {
    const database = freshDatabase();
    const [first, second] = await Promise.all([
      listening({ MONGO_URI: database }),
      listening({ MONGO_URI: database }),
    ]);
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) => signup(n % 2 ? first.url : second.url, 'race@example.com')),
    );
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([201, ...(Array(49).fill(400) as number[])]);
    const client = await connectTo(database);
    expect(await client.db().collection('users').countDocuments()).toBe(1);
    await client.close();
  });
});
