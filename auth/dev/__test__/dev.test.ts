import { spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { follow, freePort, type RunningProcess } from '../../src/test/process';

const started: RunningProcess[] = [];
const folders: string[] = [];

afterAll(async () => {
  for (const { child } of started) if (child.exitCode === null) child.kill('SIGTERM');
  await Promise.all(started.map(({ ended }) => ended));
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

/** `npm run dev` with these settings, in a process group of its own as a terminal gives it. */
function dev(settings: NodeJS.ProcessEnv): RunningProcess {
  const child = spawn('npm', ['run', '--silent', 'dev'], {
    cwd: path.resolve(__dirname, '../..'),
    env: {
      ...process.env,
      NODE_ENV: 'development',
      MONGO_URI: '',
      PASSWORD_COST: 'ln=4,r=8,p=1',
      ...settings,
    },
    detached: true,
  });
  const running = follow(child);
  started.push(running);
  return running;
}

const ports = async () => ({
  PORT: String(await freePort()),
  HEALTH_PORT: String(await freePort()),
  INBOX_PORT: '0',
});

async function post(port: string, endpoint: string): Promise<number> {
  const response = await fetch(`http://localhost:${port}/api/users/${endpoint}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ email: 'test@example.com', password: 'password' }),
  });
  return response.status;
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('npm run dev', () => {
  it('has a MongoDB of its own, which Ctrl-C ends and which keeps its users', async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'dev-'));
    folders.push(folder);
    const settings = { ...(await ports()), MONGO_DATA: folder };

    const first = dev(settings);
    await first.line(/"msg":"Listening"/);
    expect(first.output()).toContain('Connected to MongoDb');
    expect(first.output()).toContain(`dev: address: http://localhost:${settings.PORT}`);
    expect(first.output()).toMatch(/dev: try: curl .*signup/);
    expect(first.output()).toContain(`dev: data: ${folder}`);
    expect(await post(settings.PORT, 'signup')).toBe(201);
    await first.line(/^dev: mail to test@example\.com: Verify.*#token=[\w-]{43}$/);
    expect(first.output()).toMatch(/^dev: inbox: http:\/\/localhost:\d+$/m);
    const made = spawnSync('npm', ['run', '--silent', 'create-admin', '--', '--email', 'root@example.com'], {
      cwd: path.resolve(__dirname, '../..'),
      env: { ...process.env, NODE_ENV: '', MONGO_URI: '', MONGO_DATA: folder, PASSWORD_COST: 'ln=4,r=8,p=1' },
      encoding: 'utf8',
    });
    expect(made.stdout).toMatch(/^password: \S{24}$/m);
    const mongod = Number(/dev: mongod runs as process (\d+)/.exec(first.output())?.[1]);
    expect(isAlive(mongod)).toBe(true);
    // What a terminal does at Ctrl-C.
    process.kill(-(first.child.pid ?? 0), 'SIGINT');
    await first.ended;
    expect(isAlive(mongod)).toBe(false);
    expect(first.output()).toContain('"msg":"Stopped"');

    const second = dev(settings);
    await second.line(/"msg":"Listening"/);
    expect(await post(settings.PORT, 'signin')).toBe(200);
    expect(await post(settings.PORT, 'signup')).toBe(400);
    // To npm and what it started alike, as a process manager does.
    process.kill(-(second.child.pid ?? 0), 'SIGTERM');
    await second.ended;
    expect(second.output()).toContain('"msg":"Stopped"');
  }, 90_000);

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
    expect(running.output()).not.toContain('dev: data');
    running.child.kill('SIGTERM');
    await running.ended;
    expect(running.output()).toContain('"msg":"Stopped"');
  }, 30_000);
});
