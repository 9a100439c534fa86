import { spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import { embedded, ports, signalAll, useDev } from './run';

const { dev, temporaryFolder, copy } = useDev();

const credentials = { email: 'test@example.com', password: 'password' };

const ask = (port: string, endpoint: string, body: object = credentials): Promise<Response> =>
  fetch(`http://localhost:${port}/api/users/${endpoint}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
const post = async (...args: Parameters<typeof ask>): Promise<number> => (await ask(...args)).status;

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

async function cookieOf(port: string): Promise<string> {
  const response = await ask(port, 'signin');
  return response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ');
}

async function whoIs(port: string, Cookie: string): Promise<string> {
  const response = await fetch(`http://localhost:${port}/api/users/currentuser`, { headers: { Cookie } });
  return response.text();
}

describe('npm run dev', () => {
  it('has a MongoDB of its own, which Ctrl-C ends and which keeps its users, signed in', async () => {
    const folder = await temporaryFolder();
    const settings = { ...(await ports()), MONGO_DATA: folder };

    const first = dev(settings);
    await first.line(new RegExp(`^dev: ready: http://localhost:${settings.PORT}$`));
    expect(await post(settings.PORT, 'signup')).toBe(201);
    const signedIn = await cookieOf(settings.PORT);
    await first.line(/"msg":"Listening"/);
    expect(first.output()).toContain('Connected to MongoDb');
    await first.line(/^dev: try: curl .*signup/);
    await first.line(/^dev: inbox: http:\/\/localhost:\d+$/);
    expect(first.output()).toContain(`dev: data: ${folder}`);
    await first.line(/^dev: mail to test@example\.com: Verify.*#token=[\w-]{43}$/);
    const made = spawnSync('npm', ['run', '--silent', 'create-admin', '--', '--email', 'root@example.com'], {
      cwd: copy(),
      env: { ...process.env, ...embedded, MONGO_DATA: folder },
      encoding: 'utf8',
    });
    expect(made.stdout).toMatch(/^Created the admin root@example\.com\. Sign in with/);
    const secret = /^password: (\S{24})$/m.exec(made.stdout)?.[1];
    expect(await post(settings.PORT, 'signin', { email: 'root@example.com', password: secret })).toBe(200);
    const mongod = Number(/dev: mongod runs as process (\d+)/.exec(first.output())?.[1]);
    expect(isAlive(mongod)).toBe(true);
    // Ctrl-C.
    signalAll(first, 'SIGINT');
    await first.ended;
    expect(isAlive(mongod)).toBe(false);
    expect(first.output()).toContain('"msg":"Stopped"');

    const second = dev(settings);
    await second.line(/"msg":"Listening"/);
    expect(await whoIs(settings.PORT, signedIn)).toContain('test@example.com');
    expect(await post(settings.PORT, 'signin')).toBe(200);
    expect(await post(settings.PORT, 'signup')).toBe(400);
    // To npm and what it started alike, as a process manager does.
    signalAll(second, 'SIGTERM');
    await second.ended;
    expect(second.output()).toContain('"msg":"Stopped"');
  }, 240_000);

  it('says in a line that its port is taken', async () => {
    const settings = await ports();
    const other = createServer().listen(Number(settings.PORT));
    const { ended, output } = dev({ ...settings, MONGO_DATA: 'temporary' });
    expect(await ended).toBe(1);
    expect(output()).toMatch(new RegExp(`^dev: port ${settings.PORT} is in use`, 'm'));
    expect(output()).not.toContain('    at ');
    other.close();
  });

  it('uses the database that MONGO_URI names', async () => {
    const settings = await ports();
    const uri = (process.env['TEST_MONGO_URI'] ?? '').replace('DATABASE', 'dev-test');
    const running = dev({ ...settings, MONGO_URI: uri });
    await running.line(/"msg":"Listening"/);
    await running.line(/^dev: ready: /);
    expect(running.output()).not.toContain('dev: data');
    expect(running.output()).not.toContain("can't be reached");
    running.child.kill('SIGTERM');
    await running.ended;
    expect(running.output()).toContain('"msg":"Stopped"');
  }, 120_000);
});
