import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { appendFile, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createAdmin } from './support/accounts';
import { makeSecrets, Namespace } from './support/cluster';
import { Ingress } from './support/ingress';
import { project } from './support/manifests';
import { readme } from './support/readme';
import { run, say, until } from './support/run';

// Runs `skaffold dev` with the project's skaffold.yaml, on a copy of the project, because the tests change its sources.
//   E2E_INGRESS  the address of the ingress controller, default https://127.0.0.1

const host = 'ticketing.dev';
const ingress = new Ingress(new URL(process.env['E2E_INGRESS'] ?? 'https://127.0.0.1'), host);
const password = 'password';

/** ts-node-dev looks at a file some time after the service has loaded it: what is saved before, it takes for the old state. */
const settled = (): Promise<void> => delay(2000);

after(() => {
  ingress.close();
});

describe('skaffold dev', () => {
  let namespace: Namespace;
  let copy: string;
  let skaffold: ChildProcess;
  let output = '';

  const route = (): string => path.join(copy, 'auth/src/routes/sessions/current-user.ts');
  const currentUser = async (): Promise<string> => (await ingress.users('currentuser')).text;
  const seconds = (since: number): string => `${((Date.now() - since) / 1000).toFixed(1)} s`;
  const printed = (text: string, timeoutMs: number): Promise<true> =>
    until(`skaffold to print ${text}`, () => output.includes(text), { timeoutMs });

  before(async () => {
    const taken = await run('kubectl', [
      'get',
      'ingress',
      '-A',
      '-o',
      'jsonpath={.items[*].spec.rules[*].host}',
    ]);
    assert.ok(
      !taken.split(' ').includes(host),
      `this cluster already serves ${host}: stop that deployment first`,
    );
    copy = await mkdtemp(path.join(os.tmpdir(), 'ticketing-'));
    const files = (
      await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: project })
    )
      .split('\0')
      .filter((file) => /^(skaffold\.yaml|auth\/|infra\/(base|components|k8s|verify)\/)/.test(file));
    for (const file of files) await cp(path.join(project, file), path.join(copy, file));
    namespace = await Namespace.create('auth-e2e-skaffold');
    const began = Date.now();
    skaffold = spawn('skaffold', ['dev'], {
      cwd: copy,
      env: { ...process.env, SKAFFOLD_NAMESPACE: namespace.name },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [skaffold.stdout, skaffold.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (output += text));
    }
    // skaffold ignores changes that are saved before this line.
    await printed('Watching for changes', 15 * 60_000);
    say(`built, deployed and watching after ${seconds(began)}`);
  });

  after(async () => {
    skaffold.kill('SIGKILL');
    await namespace.delete();
    await rm(copy, { recursive: true, force: true });
  });

  it('builds and deploys the service, and streams its log', async () => {
    await printed('Connected to MongoDb', 60_000);
  });

  it('looks for the forwarded Services in the right namespace', () => {
    assert.doesNotMatch(output, /could not map pods/);
  });

  it('serves sign-up over HTTPS', async () => {
    const answer = await until('the ingress', async () => {
      const signup = await ingress.users('signup', { email: `${Date.now()}@example.com`, password });
      return signup.status < 500 && signup.status !== 404 && signup;
    });
    assert.equal(answer.status, 201, answer.text);
  });

  it('forwards the mail inbox to the machine', async () => {
    const forwarded = /service\/auth-inbox-srv in namespace \S+, remote port 8025 -> http:\/\/(\S+)/;
    const address = await until('the forwarding', () => forwarded.exec(output)?.[1]);
    await until('the mail', async () =>
      (await (await fetch(`http://${address}`)).text()).includes('Verify your e-mail address'),
    );
  });

  it('creates an admin in the pod', async () => {
    const root = { email: `root-${Date.now()}@example.com`, password };
    await createAdmin(namespace, root);
    assert.equal((await ingress.users('signin', root)).status, 200);
  });

  it('serves a changed line within 10 s, without building an image', async () => {
    const builds = output.split('Build [ticketing/auth-dev]').length;
    const source = await readFile(route(), 'utf8');
    const times: string[] = [];
    for (const word of ['first', 'second']) {
      const saved = Date.now();
      await writeFile(route(), source.replace('{ currentUser: live', `{ ${word}: true, currentUser: live`));
      await until('the change', async () => (await currentUser()).includes(word), {
        timeoutMs: 10_000,
        everyMs: 100,
      });
      times.push(seconds(saved));
      await settled();
    }
    say(`saved to served: ${times.join(', ')}`);
    assert.equal(output.split('Build [ticketing/auth-dev]').length, builds);
    await settled();
    await writeFile(route(), source);
    await until('the reverted change', async () => (await currentUser()) === '{"currentUser":null}');
  });

  it('serves a saved page within 3 s, without building an image', async () => {
    const builds = output.split('Build [ticketing/auth-dev]').length;
    const file = path.join(copy, 'auth/pages/words/en.ts');
    const source = await readFile(file, 'utf8');
    const page = async (): Promise<string> => (await ingress.request({ path: '/signin' })).text;
    await page();
    const times: string[] = [];
    for (const word of ['First', 'Second']) {
      const saved = Date.now();
      await writeFile(file, source.replace("title: 'Sign in'", `title: '${word}'`));
      await until('the page', async () => (await page()).includes(`<h1>${word}</h1>`), {
        timeoutMs: 10_000,
        everyMs: 100,
      });
      times.push(seconds(saved));
    }
    say(`saved to served, a page: ${times.join(', ')}`);
    assert.ok(times.every((time) => Number.parseFloat(time) < 3));
    assert.equal(output.split('Build [ticketing/auth-dev]').length, builds);
    await writeFile(file, source);
    await until('the reverted page', async () => (await page()).includes('<h1>Sign in</h1>'));
  });

  it('shows a compile error in the log, and serves again when it is fixed', async () => {
    const source = await readFile(route(), 'utf8');
    await settled();
    await appendFile(route(), 'const broken: = ;\n');
    await printed('error TS1110', 20_000);
    await until(
      'the service to be unavailable',
      async () => (await ingress.users('currentuser')).status >= 500,
    );
    const saved = Date.now();
    await writeFile(route(), source);
    await until('the service', async () => (await currentUser()) === '{"currentUser":null}', {
      timeoutMs: 20_000,
    });
    say(`fixed to served: ${seconds(saved)}`);
  });

  it('builds and deploys again when the dependencies change', async () => {
    const manifest = path.join(copy, 'auth/package.json');
    await writeFile(
      manifest,
      (await readFile(manifest, 'utf8')).replace('"version": "0.1.0"', '"version": "0.1.1"'),
    );
    const seen = output.length;
    await until('another deployment', () => output.slice(seen).includes('Watching for changes'), {
      timeoutMs: 300_000,
    });
    await until('the service', async () => (await currentUser()) === '{"currentUser":null}');
  });

  it('runs the smoke test of `skaffold verify`', async () => {
    const artifacts = path.join(copy, 'artifacts.json');
    await run('skaffold', ['build', '--quiet', `--file-output=${artifacts}`], {
      cwd: copy,
      timeoutMs: 300_000,
    });
    const args = ['verify', '-n', namespace.name, '-a', artifacts];
    assert.match(await run('skaffold', args, { cwd: copy, timeoutMs: 120_000 }), /signed up, in and out/);
  });

  it('deletes what it deployed on Ctrl-C', async () => {
    const ended = new Promise((resolve) => skaffold.once('exit', resolve));
    skaffold.kill('SIGINT');
    await Promise.race([
      ended,
      until('skaffold to end', () => skaffold.exitCode !== null, { timeoutMs: 120_000 }),
    ]);
    await until('everything to be gone', async () => {
      const kinds = 'pods,deployments,services,ingresses,persistentvolumeclaims,secrets,roles,jobs';
      return (await namespace.kubectl(['get', kinds, '-o', 'name'])).trim() === '';
    });
  });
});

describe('skaffold run -p production', () => {
  let namespace: Namespace;
  const skaffold = (...args: string[]): Promise<string> =>
    run('skaffold', [...args, '-p', 'production', '-n', namespace.name], {
      cwd: project,
      timeoutMs: 15 * 60_000,
    });

  before(async () => {
    namespace = await Namespace.create('auth-e2e-skaffold-production');
    // This name never exists (RFC 2606), so no mail is sent.
    await makeSecrets(namespace, { SMTP_URL: 'smtp://mail.invalid:587' });
  });

  after(async () => {
    await namespace.delete();
  });

  const signUp = (email: string): Promise<true> =>
    until('a sign-up', async () => (await ingress.users('signup', credentials(email))).status === 201);
  const credentials = (email: string): { email: string; password: string } => ({
    email,
    password: 'correct horse battery staple',
  });
  const uids = (kind: string): Promise<string> =>
    namespace.kubectl([
      'get',
      kind,
      '-o',
      'jsonpath={range .items[*]}{.metadata.name} {.metadata.uid}{"\\n"}{end}',
    ]);
  const timed = async (args: string): Promise<string> => {
    const began = Date.now();
    await skaffold(args);
    return `${((Date.now() - began) / 1000).toFixed(1)} s`;
  };

  it('deploys the production overlay, and replaces no pod when nothing has changed', async () => {
    const first = await timed('run');
    await signUp('kept@example.com');
    const pods = async (): Promise<string> =>
      (await uids('pods'))
        .split('\n')
        .filter((pod) => /^auth-(depl|mongo-\d)/.test(pod))
        .join('\n');
    await until('three replicas', async () => (await pods()).match(/auth-depl/g)?.length === 3);
    const before = await pods();
    const again = await timed('run');
    say(`the production overlay was deployed in ${first}, and again, with nothing changed, in ${again}`);
    assert.equal(await pods(), before);
  });

  it('keeps the data and the dumps when it is deleted, and uses them when it is deployed again', async () => {
    const claims = await uids('persistentvolumeclaims');
    assert.match(claims, /auth-mongo-backup[^]*data-auth-mongo-0[^]*data-auth-mongo-2/);
    await readme(namespace, 'Delete the deployment', 'skaffold delete');
    await until('the members to be gone', async () => !(await uids('pods')).includes('auth-mongo-'));
    assert.equal(await uids('persistentvolumeclaims'), claims);
    await skaffold('run');
    await until(
      'the account',
      async () => (await ingress.users('signin', credentials('kept@example.com'))).status === 200,
    );
    await readme(namespace, 'Delete the deployment', 'skaffold delete');
    await readme(namespace, 'Delete the deployment', 'kubectl -n ticketing delete pvc');
    assert.match(await uids('persistentvolumeclaims'), /^auth-mongo-backup \S+\s*$/);
  });
});
