import { spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { follow, freePort, type RunningProcess } from '../../src/test/process';

const root = path.resolve(__dirname, '../..');
/** As a stranger runs it, but for the cost of a hash. */
const embedded = { NODE_ENV: '', MONGO_URI: '', PASSWORD_COST: 'ln=4,r=8,p=1' };

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
    cwd: root,
    env: { ...process.env, ...embedded, ...settings },
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

const credentials = { email: 'test@example.com', password: 'password' };

async function post(port: string, endpoint: string, body: object = credentials): Promise<number> {
  const response = await fetch(`http://localhost:${port}/api/users/${endpoint}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
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

/** A temporary folder that is gone after the tests. */
async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'dev-'));
  folders.push(folder);
  return folder;
}

/** The shell commands between two headings of the README. */
function commandsOf(from: string, to: string): string {
  const readme = readFileSync(path.join(root, '../README.md'), 'utf8');
  const section = readme.slice(readme.indexOf(from), readme.indexOf(to));
  return [...section.matchAll(/^```sh\n([^]*?)^```/gm)].map(([, commands]) => commands).join('\n');
}

describe('the README', () => {
  it('says of an account’s life what can be done as it is written there', async () => {
    const [data, home] = [await temporaryFolder(), await temporaryFolder()];
    const settings = { ...(await ports()), INBOX_PORT: String(await freePort()), MONGO_DATA: data };
    const running = dev(settings);
    await running.line(/"msg":"Listening"/);
    // Each answer's status and path, for the requests to the service.
    await writeFile(
      path.join(home, '.curlrc'),
      'write-out = "%{stderr}\\n=> %{http_code} %{url_effective}\\n"\nsilent\n',
    );
    const commands = commandsOf('## Accounts, with', '## On a cluster')
      .replaceAll('localhost:3000', `localhost:${settings.PORT}`)
      .replaceAll('localhost:8025', `localhost:${settings.INBOX_PORT}`)
      .replaceAll(/(-[bc]) (jar|admin)\b/g, `$1 ${home}/$2`);
    const shell = follow(
      spawn('bash', ['-c', commands], {
        cwd: root,
        env: { ...process.env, ...embedded, ...settings, CURL_HOME: home },
      }),
    );
    expect(await shell.ended).toBe(0);
    const answers = [...shell.output().matchAll(/^=> (\d+) \S+\/api\/users(\S*)$/gm)];
    expect(
      answers.map(([, status = '', endpoint = '']) => `${status} ${endpoint.replace(/[0-9a-f]{24}/, ':id')}`),
    ).toEqual([
      '201 /signup',
      '200 /email-verification/confirm',
      '200 /me',
      '204 /me/password',
      '202 /password-reset',
      '204 /password-reset/confirm',
      '200 /signin',
      '202 /me/email',
      '200 /email-verification/confirm',
      '200 /email-verification/confirm',
      '204 /password-reset/confirm',
      '200 /signin',
      '204 /me',
      '200 /signin',
      '201 /signup',
      '200 ?email=grace&role=user&limit=10',
      '200 ?email=grace',
      '200 /:id',
      '200 /:id',
      '204 /:id/sessions',
      '204 /:id',
    ]);
  }, 240_000);
});

describe('npm run dev', () => {
  it('has a MongoDB of its own, which Ctrl-C ends and which keeps its users', async () => {
    const folder = await temporaryFolder();
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
      cwd: root,
      env: { ...process.env, ...embedded, MONGO_DATA: folder },
      encoding: 'utf8',
    });
    const secret = /^password: (\S{24})$/m.exec(made.stdout)?.[1];
    expect(await post(settings.PORT, 'signin', { email: 'root@example.com', password: secret })).toBe(200);
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
    expect(running.output()).not.toContain('dev: data');
    running.child.kill('SIGTERM');
    await running.ended;
    expect(running.output()).toContain('"msg":"Stopped"');
  }, 120_000);
});
