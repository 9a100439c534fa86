import assert from 'node:assert/strict';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createAdmin, newEmail, type User } from './support/accounts';
import { build, checkOut, isReady, makeSecrets, Namespace, settled, type Pod } from './support/cluster';
import { Inbox, submissionServer, submissionUrl } from './support/inbox';
import { Browser, cookieOf, Ingress, Load, type Answer } from './support/ingress';
import { containersOf, find, podOf, project, render, type EnvVar, type Resource } from './support/manifests';
import { killMongod, mongosh } from './support/mongo';
import { readme } from './support/readme';
import { run, say, sleep, until } from './support/run';
import {
  adapt,
  assertAnswers,
  assertHealthIsInside,
  assertLockedDown,
  base,
  counts,
  developmentImage,
  long,
  password,
  seconds,
  signUp,
  summary,
  walkThrough,
} from './support/service';

// Tests the production overlay on the cluster of the current kubectl context, in a namespace that it deletes at the end.
//   E2E_PREVIOUS the commit of the version to upgrade from

// The version before this one. The production tests deploy it first, and then this one in its place.
const previous = process.env['E2E_PREVIOUS'] ?? 'c89d387';
const host = 'e2e-production.ticketing.dev';

interface Deployment {
  metadata: { generation: number };
  spec: { replicas: number };
}

/** The id of the key that has signed the JWT in a session cookie. */
function kidIn(cookie: string): string {
  const value = /session=([^;]+)/.exec(cookie)?.[1] ?? '';
  const { jwt } = JSON.parse(Buffer.from(value, 'base64').toString()) as { jwt: string };
  const header = Buffer.from(jwt.split('.')[0] ?? '', 'base64url').toString();
  return (JSON.parse(header) as { kid: string }).kid;
}

describe('the production overlay', () => {
  let namespace: Namespace;
  let image: string;
  let resources: Resource[];
  let hasTools: boolean;
  let upgraded: { said: string[]; requests: number; before: string; after: string; replicas: number };
  let early: { email: string; cookie: string };
  const ingress = new Ingress(base, host);
  const members = ['auth-mongo-0', 'auth-mongo-1', 'auth-mongo-2'];

  const sh = (pod: string, script: string, options = {}): Promise<string> =>
    mongosh(namespace, pod, script, { tls: true, root: true, ...options });

  const secret = async (name: string, key: string): Promise<string> =>
    Buffer.from(
      await namespace.kubectl(['get', 'secret', name, '-o', `jsonpath={.data.${key}}`]),
      'base64',
    ).toString();

  /** The member that a member takes for the primary, if it says so itself. */
  const primary = (): Promise<string> =>
    until('a primary', async () => {
      const ask = (member: string, question: string): Promise<string> =>
        mongosh(namespace, member, `print(db.hello().${question})`, { tls: true }).catch(() => '');
      for (const member of members) {
        const named = await ask(member, 'primary');
        const found = members.find((name) => named.startsWith(`${name}.`));
        if (found !== undefined && (await ask(found, 'isWritablePrimary')).trim() === 'true') return found;
      }
      return undefined;
    });

  before(async () => {
    const folder = await checkOut(previous);
    const formerImage = await build(folder, 'production');
    image = await build(project, 'production');
    say(`image ${image}`);
    namespace = await Namespace.create('auth-e2e-production');
    const forTest = async (root: string, of: string): Promise<Resource[]> => {
      const adapted = adapt(await render('overlays/production', root), of, host);
      // The tests have no certificate for this host, so they use the controller's own.
      const { spec } = find(adapted, 'Ingress', 'ingress-srv');
      for (const tls of spec?.['tls'] as { secretName?: string }[]) delete tls.secretName;
      // The load of a test must not change the number of replicas.
      const scaler = find(adapted, 'HorizontalPodAutoscaler', 'auth-hpa').spec;
      if (scaler) scaler['maxReplicas'] = 3;
      // The shortest there is, so that a test sees the next signing key sign.
      const [service] = podOf(find(adapted, 'Deployment', 'auth-depl'))?.containers ?? [];
      service?.env?.push({ name: 'KEY_GRACE_SECONDS', value: '60' });
      return adapted;
    };
    const formerScript = path.join(folder, 'infra/overlays/production/make-secrets.sh');
    await makeSecrets(namespace, { SMTP_URL: submissionUrl }, formerScript);
    const began = Date.now();
    const server = await submissionServer(await developmentImage());
    await namespace.apply([...(await forTest(folder, formerImage)), ...server]);
    await namespace.rollout('statefulset/auth-mongo');
    await namespace.rollout('deployment/auth-depl');
    await namespace.rollout('deployment/auth-inbox-depl');
    await assertAnswers(ingress);
    say(`version ${previous} answered ${seconds(Date.now() - began)} after it was applied`);
    resources = await forTest(project, image);
    await rm(folder, { recursive: true });
    await upgrade();
  });

  const uids = (kinds: string): Promise<string> =>
    namespace.kubectl([
      'get',
      ...kinds.split(' '),
      '--sort-by=.metadata.name',
      '-o',
      'jsonpath={range .items[*]}{.kind} {.metadata.name} {.metadata.uid}{"\\n"}{end}',
    ]);

  /** Current users and sign-ups, one in ten. Everything but the right response is a failure. */
  const mixedLoad = (user: { email: string; cookie: string }, said: string[]): Load =>
    new Load(
      async (index) => {
        const isSignup = index % 10 === 0;
        const answer = isSignup
          ? await ingress.users('signup', { email: newEmail(), password })
          : await ingress.users('currentuser', undefined, user.cookie);
        const right = isSignup
          ? answer.status === 201
          : answer.status === 200 && answer.text.includes(user.email);
        if (!right) said.push(`${new Date().toISOString()} ${answer.status} ${answer.text.slice(0, 200)}`);
        return `${isSignup ? 'sign-up' : 'current user'} ${answer.status}`;
      },
      { callers: 4, pauseMs: 150, max: 200_000 },
    );

  /** The commands of "Deploy a new version", under load. kubectl applies the manifests as skaffold does. */
  async function upgrade(): Promise<void> {
    early = await signUp(ingress);
    const kept = 'persistentvolumeclaims,statefulsets,deployments,services';
    const before = await uids(kept);
    const said: string[] = [];
    const load = mixedLoad(early, said);
    const began = Date.now();
    await readme(namespace, 'Deploy a new version', 'kubectl -n ticketing get deployment auth-depl -o');
    await readme(namespace, 'Deploy a new version', 'infra/operate/make-secrets.sh ticketing');
    await namespace.apply(resources);
    const { spec } = await namespace.get<Deployment>('deployment', 'auth-depl');
    await namespace.rollout('statefulset/auth-mongo');
    await namespace.rollout('deployment/auth-depl');
    const { requests, outcomes } = await load.stop();
    say(
      `upgraded from ${previous} in ${seconds(Date.now() - began)}, ${requests} requests: ${summary(outcomes)}`,
    );
    upgraded = { said, requests, before, after: await uids(kept), replicas: spec.replicas };
    const tools = await namespace.exec('auth-mongo-0', ['sh', '-c', 'command -v mongodump || true']);
    hasTools = tools.trim() !== '';
  }

  after(async () => {
    ingress.close();
    await namespace.delete();
  });

  it('is deployed over the previous version without a failed request, and makes nothing anew', async () => {
    assert.deepEqual(upgraded.said, []);
    assert.ok(upgraded.requests > 100);
    assert.equal(upgraded.after, upgraded.before);
    assert.equal(upgraded.replicas, 3);
    const { text } = await ingress.users('currentuser', undefined, early.cookie);
    assert.match(text, new RegExp(early.email), 'nobody is signed out');
    const { text: published } = await ingress.users('.well-known/jwks.json');
    assert.ok(published.includes(kidIn(early.cookie)), 'the key of the Secret auth-jwt is the first one');
  });

  it('replaces no pod when it is deployed again, and keeps the number of replicas', async () => {
    const members = await uids('pods -l app=auth-mongo');
    const { metadata } = await namespace.get<Deployment>('deployment', 'auth-depl');
    await namespace.apply(resources);
    assert.equal(
      (await namespace.get<Deployment>('deployment', 'auth-depl')).metadata.generation,
      metadata.generation,
    );
    // Without the autoscaler nothing but the deployment could change the number.
    await namespace.kubectl(['delete', 'hpa', 'auth-hpa']);
    await namespace.kubectl(['scale', 'deployment/auth-depl', '--replicas=4']);
    await namespace.apply(resources.filter(({ kind }) => kind !== 'HorizontalPodAutoscaler'));
    assert.equal((await namespace.get<Deployment>('deployment', 'auth-depl')).spec.replicas, 4);
    assert.equal(await uids('pods -l app=auth-mongo'), members);
    await namespace.apply(resources);
    await settledAuth();
  });

  it('signs a user up, in and out over HTTPS', () => walkThrough(ingress));

  it('S52: runs under the Pod Security standard `restricted`', async () => {
    await assertLockedDown(namespace, ['app=auth', 'app=auth-mongo']);
  });

  it('S58: does not expose health and metrics', () => assertHealthIsInside(ingress, namespace));

  it('S56: runs an image with only compiled code and its dependencies', async () => {
    const [pod] = await settledAuth();
    const files = await namespace.exec(pod?.metadata.name ?? '', [
      'sh',
      '-c',
      'ls -A /app /app/node_modules; find /app/dist',
    ]);
    assert.match(files, /\/app\/dist\/index\.js/);
    assert.doesNotMatch(files, /__test__|\.test\.|\.git\b|^(src|typescript|jest|ts-node|eslint)$/m);
  });

  it('make-secrets.sh keeps existing Secrets, and prints no secret', async () => {
    const printed = await makeSecrets(namespace, { SMTP_URL: 'smtp://another.example.com' });
    assert.doesNotMatch(printed, /created|smtp:/);
    assert.match(printed, /secret\/auth-smtp kept/);
  });

  it('exits and logs the reason if there is no Secret with a mail server', async () => {
    const pod = structuredClone(podOf(find(resources, 'Deployment', 'auth-depl')));
    const [container] = pod?.containers ?? [];
    assert.ok(pod && container);
    for (const { valueFrom } of container.env ?? []) {
      if (valueFrom?.secretKeyRef?.name === 'auth-smtp') valueFrom.secretKeyRef.name = 'none';
    }
    const spec = { ...pod, restartPolicy: 'Never' };
    await namespace.apply([{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'without-mail' }, spec }]);
    await namespace.kubectl([
      'wait',
      '--for=jsonpath={.status.phase}=Failed',
      'pod/without-mail',
      '--timeout=60s',
    ]);
    const log = await namespace.kubectl(['logs', 'without-mail']);
    await namespace.kubectl(['delete', 'pod', 'without-mail']);
    assert.equal(log, 'auth: SMTP_URL must be set, or MAIL to off\n');
  });

  it('creates admins in a pod, under the strict password rules, and in a Job of its own', async () => {
    const root = { email: newEmail(), password };
    await assert.rejects(createAdmin(namespace, { ...root, password: 'password' }), /at least 12 characters/);
    await createAdmin(namespace, root);
    const log = await readme(namespace, 'Create an admin', 'kubectl');
    const made = { email: 'root@example.com', password: /^password: (\S+)$/m.exec(log)?.[1] ?? '' };
    for (const one of [root, made]) {
      const admin = new Browser(ingress);
      await admin.gets(200, 'POST', 'signin', one);
      const { users } = await admin.gets<{ users: User[] }>(200, 'GET', '?role=admin');
      assert.deepEqual(users.map(({ email }) => email).sort(), [root.email, made.email].sort());
    }
  });

  it('S55: MongoDB denies access without a password, and limits the application to its database', async () => {
    const nobody = await mongosh(
      namespace,
      'auth-mongo-0',
      `
      for (const [name, act] of Object.entries({
        read: () => db.getSiblingDB('auth').users.findOne(),
        write: () => db.getSiblingDB('auth').users.insertOne({}),
        list: () => db.adminCommand({ listDatabases: 1 }),
        makeUser: () => db.getSiblingDB('admin').createUser({ user: 'x', pwd: 'x', roles: [] }),
        stop: () => db.adminCommand({ shutdown: 1 }),
      })) { try { act(); print(name, 'ALLOWED'); } catch (error) { print(name, error.codeName); } }`,
      { tls: true },
    );
    assert.deepEqual(
      nobody.trim().split('\n'),
      ['read', 'write', 'list', 'makeUser', 'stop'].map((name) => `${name} Unauthorized`),
    );

    const application = await mongosh(
      namespace,
      await primary(),
      `
      db.getSiblingDB('auth').auth('${await secret('auth-mongo-app', 'user')}', '${await secret('auth-mongo-app', 'password')}');
      print('own', db.getSiblingDB('auth').users.countDocuments({}) > 0);
      for (const [name, act] of Object.entries({
        other: () => db.getSiblingDB('other').things.findOne(),
        otherWrite: () => db.getSiblingDB('other').things.insertOne({}),
        users: () => db.getSiblingDB('admin').system.users.findOne(),
        oplog: () => db.getSiblingDB('local').oplog.rs.findOne(),
        grant: () => db.getSiblingDB('auth').grantRolesToUser('auth', [{ role: 'root', db: 'admin' }]),
        drop: () => db.getSiblingDB('auth').dropDatabase(),
      })) { try { act(); print(name, 'ALLOWED'); } catch (error) { print(name, error.codeName); } }`,
      { tls: true },
    );
    const lines = application
      .trim()
      .split('\n')
      .filter((line) => !line.startsWith('{'));
    assert.deepEqual(lines, [
      'own true',
      ...['other', 'otherWrite', 'users', 'oplog', 'grant', 'drop'].map((name) => `${name} Unauthorized`),
    ]);
  });

  it('S53: allows only the traffic that the policies name', async (t) => {
    const probe = (name: string, app: string): Resource => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, labels: { app } },
      spec: {
        automountServiceAccountToken: false,
        terminationGracePeriodSeconds: 0,
        securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
        containers: [
          {
            name: 'probe',
            image,
            args: ['-e', 'setInterval(() => {}, 1e6)'],
            securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
          },
        ],
      },
    });
    const [inbox] = await namespace.pods('app=auth-inbox');
    const strangers = [probe('stranger', 'stranger'), probe('backup', 'auth-mongo-backup')];
    await namespace.apply(strangers);
    await namespace.kubectl(['wait', '--for=condition=Ready', 'pod/stranger', 'pod/backup', '--timeout=60s']);
    const [auth] = await settledAuth();
    const [mongo] = await namespace.pods('app=auth-mongo');
    assert.ok(auth?.status.podIP && mongo?.status.podIP && inbox?.status.podIP);
    const targets = {
      auth: [auth.status.podIP, 3000],
      health: [auth.status.podIP, 3001],
      mongo: [mongo.status.podIP, 27017],
      'mail server': [inbox.status.podIP, 587],
      'its page': [inbox.status.podIP, 8025],
      'API server': ['kubernetes.default.svc', 443],
    } as const;
    type Target = keyof typeof targets;
    const reaches = async (pod: string, target: Target): Promise<boolean> => {
      const [address, port] = targets[target];
      const script = `const s=require('net').connect(${port},'${address}',()=>{console.log('open');process.exit()});s.on('error',()=>process.exit());setTimeout(()=>process.exit(),3000)`;
      return (await namespace.exec(pod, ['node', '-e', script])).includes('open');
    };
    const wanted: [string, Target, boolean][] = [
      ['stranger', 'auth', false],
      ['stranger', 'health', false],
      ['stranger', 'mongo', false],
      ['stranger', 'mail server', false],
      ['stranger', 'API server', false],
      ['backup', 'mongo', true],
      ['backup', 'auth', false],
      [auth.metadata.name, 'mongo', true],
      [auth.metadata.name, 'mail server', true],
      [auth.metadata.name, 'its page', false],
      [auth.metadata.name, 'API server', false],
    ];
    const found = await Promise.all(
      wanted.map(async ([pod, target]) => [pod, target, await reaches(pod, target)]),
    );
    await namespace.kubectl(['delete', 'pod', 'stranger', 'backup', '--grace-period=0', '--force']);
    say(
      `S53: ${found.map(([pod, target, is]) => `${String(pod).replace(/-depl.*/, '')} → ${String(target)} ${is ? 'open' : 'closed'}`).join('; ')}`,
    );
    if (found.every(([pod, , is]) => pod !== 'stranger' || is)) {
      t.skip('the network of this cluster does not enforce NetworkPolicies: S53 is not tested here');
      return;
    }
    assert.deepEqual(found, wanted);
  });

  it('sends a mail once, although every replica sends mails', async () => {
    const { email } = await signUp(ingress);
    const inbox = new Inbox(namespace);
    const token = await inbox.token(email, 'Verify');
    const user = await new Browser(ingress).gets<User>(200, 'POST', 'email-verification/confirm', {
      token,
      password,
    });
    assert.equal(user.emailVerified, true);
    assert.equal((await inbox.mails()).filter(({ to }) => to === email).length, 1);
  });

  it('sends each mail once to users who signed up just before all pods were killed', async () => {
    // The mail server is down, so that no mail can be sent before the kill.
    const scaleServer = (replicas: number): Promise<string> =>
      namespace.kubectl(['scale', 'deployment/auth-inbox-depl', `--replicas=${replicas}`]);
    await scaleServer(0);
    await settled(namespace, 'app=auth-inbox', 0);
    const signUps = await Promise.all(Array.from({ length: 6 }, () => signUp(ingress)));
    await namespace.kubectl(['delete', 'pod', '-l', 'app=auth', '--grace-period=0', '--force']);
    await settledAuth();

    // The claims of a dead pod last for some minutes, and each failure doubles the delay. The test shortens both, to the time
    // that the mail server takes to start. It does so while that is down, so that it does not disturb a delivery that would
    // succeed.
    const outbox = `db.getSiblingDB('auth').mails`;
    const waiting = `{ status: 'pending', to: { $in: ${JSON.stringify(signUps.map(({ email }) => email))} } }`;
    const soon = `{ $set: { attempts: 0, dueAt: new Date(Date.now() + 15_000) } }`;
    assert.equal(
      Number(await sh(await primary(), `print(${outbox}.updateMany(${waiting}, ${soon}).matchedCount)`)),
      signUps.length,
    );
    await scaleServer(1);
    await settled(namespace, 'app=auth-inbox');
    const back = Date.now();
    await until('the mails to be sent', async () => {
      const left = await sh(await primary(), `print(${outbox}.countDocuments(${waiting}))`);
      return Number(left) === 0;
    });
    say(
      `mails of ${signUps.length} sign-ups before a kill: sent ${seconds(Date.now() - back)} after the mail server started`,
    );
    const inbox = new Inbox(namespace);
    for (const { email } of signUps) await inbox.take(email, 'Verify');
    const sent = (await inbox.mails()).map(({ to }) => to);
    for (const { email } of signUps) assert.equal(sent.filter((to) => to === email).length, 1);
  });

  it('R1: loses no request during rolling restarts, or when pods are deleted one by one', async () => {
    const { cookie, email } = await signUp(ingress);
    const load = new Load(
      async () => {
        const answer: Answer = await ingress.users('currentuser', undefined, cookie);
        return answer.status === 200 && !answer.text.includes(email) ? 'signed out' : String(answer.status);
      },
      { callers: 8, pauseMs: 40, max: 80_000 },
    );
    const began = Date.now();
    for (let round = 0; round < counts.rollouts; round++) {
      await namespace.kubectl(['rollout', 'restart', 'deployment/auth-depl']);
      await namespace.rollout('deployment/auth-depl');
    }
    await until('enough requests', () => load.result.requests >= counts.minRequests, {
      timeoutMs: 300_000,
    });
    const { requests, outcomes } = { ...load.result, outcomes: { ...load.result.outcomes } };
    say(
      `R1: ${counts.rollouts} rolling restarts in ${seconds(Date.now() - began)}, ${requests} requests: ${summary(outcomes)}`,
    );
    for (const { metadata } of (await settledAuth()).slice(0, long ? 3 : 1)) {
      await namespace.kubectl(['delete', 'pod', metadata.name, '--timeout=60s'], { timeoutMs: 70_000 });
      await settledAuth();
    }
    const result = await load.stop();
    say(`and with pods deleted: ${summary(result.outcomes)}`);
    assert.deepEqual(result.outcomes, { 200: result.requests });
  });

  const settledAuth = (): Promise<Pod[]> =>
    until(
      'three ready pods',
      async () => {
        const pods = (await namespace.pods('app=auth')).filter(
          ({ metadata }) => metadata.deletionTimestamp === undefined,
        );
        return pods.length === 3 && pods.every(isReady) && pods;
      },
      { timeoutMs: 180_000 },
    );

  it('starts fast and needs little memory', async () => {
    // The tests before have restarted the pods while the database was available.
    const [pod] = await settledAuth();
    const name = pod?.metadata.name ?? '';
    const script = `
      const { readFileSync } = require('fs');
      const read = (file) => readFileSync('/proc/' + file, 'utf8');
      const startedAfterBoot = Number(read('1/stat').split(') ')[1].split(' ')[19]) / 100;
      const uptime = Number(read('uptime').split(' ')[0]);
      const resident = Number(/VmRSS:\\s+(\\d+)/.exec(read('1/status'))[1]) / 1024;
      console.log(JSON.stringify({ began: Date.now() - (uptime - startedAfterBoot) * 1000, resident }));`;
    const process = JSON.parse(await namespace.exec(name, ['node', '-e', script])) as {
      began: number;
      resident: number;
    };
    const log = await namespace.kubectl(['logs', name, '--tail=-1']);
    const listening = Date.parse(/"time":"([^"]+)"[^\n]*"Listening"/.exec(log)?.[1] ?? '');
    const startMs = listening - process.began;
    say(`started in ${seconds(startMs)}; ${process.resident.toFixed(0)} MiB resident after R1`);
    // On an idle machine it takes less than a second.
    assert.ok(startMs < 10_000);
    assert.ok(process.resident < 160);
  });

  it('makes dumps on a full volume, keeps fourteen of them, and fails loudly', async () => {
    await useTools();
    const list = 'ls -A /backup';
    const script = `
      fill() { cat /dev/zero >$1 2>/dev/null || true; df /backup | grep '100%' && echo FULL; }
      touch /backup/auth-{20200101..20200120}T000000Z.archive.gz
      fill /backup/auth-20200120T000000Z.archive.gz.part
      bash /scripts/dump.sh && ${list} && echo NEXT
      fill /backup/another-file
      bash /scripts/dump.sh && exit 1
      ${list}; echo NEXT; rm /backup/another-file
      export MONGO_URI=mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=1000
      bash /scripts/dump.sh && exit 1
      ${list}`;
    // In memory, because the volumes of some clusters have no size.
    const volume = { name: 'backup', emptyDir: { medium: 'Memory', sizeLimit: '16Mi' } };
    const full = await runJob('auth-mongo-backup', { command: ['bash', '-c', script], volume });
    assert.ok(full.succeeded, full.log);
    const dumps = (text = ''): string[] => text.split('\n').filter((name) => /^auth-.*\.gz/.test(name));
    const [first, onFull, withoutDatabase] = full.log.split('NEXT');
    assert.match(first ?? '', /FULL/);
    assert.equal(dumps(first).length, 14);
    assert.match(dumps(first).at(-1) ?? '', /^auth-20[^.]*\.archive\.gz$/);
    assert.match(onFull ?? '', /FULL[^]*THE DUMP FAILED[^]*100%/);
    assert.match(withoutDatabase ?? '', /THE DUMP FAILED/);
    for (const after of [onFull, withoutDatabase]) assert.equal(dumps(after).length, 13);
    assert.ok(!full.log.includes('.part\n'), 'no partial file stays');

    const dump = await runJob('auth-mongo-backup');
    assert.ok(dump.succeeded, dump.log);
    const test = await runJob('auth-mongo-restore-test');
    assert.ok(test.succeeded, test.log);
    assert.match(test.log, /: [1-9]\d* accounts restored/);
    const databases = await sh(
      await primary(),
      'print(db.adminCommand({ listDatabases: 1 }).databases.map((one) => one.name))',
    );
    assert.doesNotMatch(databases, /restore_test/);
  });

  it('R5: no request fails when the primary steps down', async () => {
    const failures: string[] = [];
    const load = mixedLoad(await signUp(ingress), failures);
    for (let round = 0; round < counts.stepDowns; round++) {
      const before = await primary();
      await sh(
        before,
        'try { db.adminCommand({ replSetStepDown: 5, secondaryCatchUpPeriodSecs: 4 }); } catch (error) { if (!/network|closed/i.test(error.message)) throw error; }',
      );
      const steppedDown = Date.now();
      await until('another primary', async () => (await primary()) !== before);
      // A member that stepped down cannot be elected for 5 s. The next primary needs a member that can be elected.
      await sleep(Math.max(0, steppedDown + 6000 - Date.now()));
    }
    const { outcomes } = await load.stop();
    say(`R5: ${counts.stepDowns} step-downs: ${summary(outcomes)}`);
    assert.deepEqual(failures, []);
  });

  it('R4: keeps every acknowledged account when primaries are killed', async () => {
    const acknowledged: string[] = [];
    const wrong: string[] = [];
    const succeeded: number[] = [];
    const load = new Load(
      async () => {
        const email = newEmail();
        const answer = await ingress.users('signup', { email, password });
        if (answer.status === 201) {
          acknowledged.push(email);
          succeeded.push(Date.now());
        } else if (answer.status !== 503 || answer.headers['retry-after'] === undefined) {
          wrong.push(`${answer.status} ${answer.text}`);
        } else {
          await sleep(200);
        }
        return String(answer.status);
      },
      { callers: 4, pauseMs: 0, max: counts.signups },
    );
    const kills: number[] = [];
    for (let kill = 1; kill <= counts.kills; kill++) {
      const due = (counts.signups * kill) / (counts.kills + 2);
      await until('sign-ups', () => load.result.requests >= due, { timeoutMs: 600_000 });
      const victim = await primary();
      await killMongod(namespace, victim);
      kills.push(Date.now());
    }
    const { outcomes } = await load.done();
    // The longest time without a successful sign-up after each kill.
    succeeded.sort((one, other) => one - other);
    const gaps = kills.map((at) => {
      const next = succeeded.filter((time) => time > at && time < at + 30_000);
      return Math.max(
        ...next.map((time, index) => time - (next[index - 1] ?? at)),
        next.length > 0 ? 0 : Infinity,
      );
    });
    await namespace.rollout('statefulset/auth-mongo');
    const stored = await sh(
      await primary(),
      `
      const users = db.getSiblingDB('auth').users;
      const asked = ${JSON.stringify(acknowledged)};
      print('there', users.countDocuments({ email: { $in: asked } }));
      print('twice', users.aggregate([{ $group: { _id: '$email', n: { $sum: 1 } } }, { $match: { n: { $gt: 1 } } }]).toArray().length);`,
    );
    say(
      `R4: primary killed ${counts.kills} times in ${load.result.requests} sign-ups: ${summary(outcomes)}; writes back after ${gaps.map(seconds).join(', ')}; ${/there.*/.exec(stored)?.[0] ?? ''} of ${acknowledged.length}`,
    );
    assert.match(stored, new RegExp(`there ${acknowledged.length}\\b`));
    assert.match(stored, /twice 0/);
    if (wrong.length > 0) {
      const log = await namespace.kubectl(['logs', '-l', 'app=auth', '--tail=-1']);
      for (const line of log.split('\n')) if (line.includes('"level":"error"')) say(line);
    }
    assert.deepEqual(wrong, []);
    for (const gap of gaps) assert.ok(gap < 15_000, `writes back within 15 s: ${gaps.join(' ')}`);
  });

  it('R14: restores the accounts from a dump, and ends the sessions of everybody', async () => {
    const at = await primary();
    const known = await signUp(ingress);
    // Copies of one real account with other addresses, so that each has a realistic size.
    const auditEntry =
      "{ at: new Date(), action: 'looked-up', outcome: 'success', requestId: 'restore-test' }";
    await sh(
      at,
      `
      const users = db.getSiblingDB('auth').users;
      const { _id, ...copy } = users.findOne({ email: ${JSON.stringify(known.email)} });
      for (let n = 0; n < ${counts.users}; n += 1000) {
        users.insertMany(Array.from({ length: Math.min(1000, ${counts.users} - n) }, (_, i) => ({ ...copy, email: 'copy-' + (n + i) + '@example.com' })), { writeConcern: { w: 3 } });
      }
      db.getSiblingDB('auth').audit.insertOne(${auditEntry});`,
      { timeoutMs: 300_000 },
    );
    // A restore gives each account a new generation, which ends its sessions and links.
    const fingerprint = (): Promise<string> =>
      until('the accounts', async () =>
        sh(
          await primary(),
          `
        const auth = db.getSiblingDB('auth');
        const hash = require('crypto').createHash('md5');
        auth.users.find({}, { generation: 0, ended: 0, othersSignedOut: 0 }).sort({ _id: 1 }).forEach((user) => hash.update(EJSON.stringify(user)));
        print(JSON.stringify({
          users: auth.users.countDocuments({}),
          hash: hash.digest('hex'),
          indexes: auth.users.getIndexes(),
          validator: auth.getCollectionInfos({ name: 'users' })[0].options,
        }));`,
          { timeoutMs: 120_000 },
        ).then((printed) => printed.trim().split('\n').at(-1)),
      );
    await useTools();
    for (let round = 0; round < counts.again; round++) {
      const expected = await fingerprint();
      const signedIn = await ingress.users('signin', { email: known.email, password });
      const cookie = cookieOf(signedIn);
      const began = Date.now();
      const dumped = await runJob('auth-mongo-backup');
      assert.ok(dumped.succeeded, dumped.log);
      await sh(
        await primary(),
        `
        const auth = db.getSiblingDB('auth');
        auth.users.drop();
        auth.audit.insertOne(${auditEntry});`,
      );
      await readme(namespace, 'Restore', 'kubectl -n ticketing scale deployment/auth-depl --replicas=0');
      await readme(namespace, 'Restore', 'kubectl -n ticketing wait --for=delete');
      // By its name too, because what a restore copied must never be taken for the newest dump.
      const [dump = ''] = /auth-\d+T\d+Z\.archive\.gz/.exec(dumped.log) ?? [];
      const create = 'kubectl -n ticketing create job restore-now --from=cronjob/auth-mongo-restore';
      await readme(namespace, 'Restore', round % 2 === 0 ? create : `${create} --dry-run=client`, { dump });
      await readme(namespace, 'Restore', 'kubectl -n ticketing wait --for=condition=Complete', {
        timeoutMs: 200_000,
      });
      const log = await readme(namespace, 'Restore', 'kubectl -n ticketing logs');
      await readme(namespace, 'Restore', 'kubectl -n ticketing delete job');
      // kubectl prints the logs of several containers in any order.
      for (const line of [/before-restore-/, /^restored \/backup\/auth-/m, /^Ended all sessions/m])
        assert.match(log, line);
      await readme(namespace, 'Restore', 'kubectl -n ticketing scale deployment/auth-depl --replicas=3');
      await settledAuth();
      await assertAnswers(ingress);
      say(
        `R14: ${counts.users} accounts dumped, dropped and restored by the commands of the README in ${seconds(Date.now() - began)}`,
      );
      assert.equal(await fingerprint(), expected);
      assert.equal((await ingress.users('currentuser', undefined, cookie)).text, '{"currentUser":null}');
      for (const email of [known.email, 'copy-7@example.com']) {
        assert.equal((await ingress.users('signin', { email, password })).status, 200);
      }
      const audit = await sh(
        await primary(),
        `print(db.getSiblingDB('auth').audit.countDocuments({ requestId: 'restore-test' }))`,
      );
      assert.equal(
        Number(audit),
        2 + round,
        'what was recorded after the dump stays, and nothing is there twice',
      );
    }
    if (!hasTools) {
      say(
        'R14: this mongo image has no mongodump and mongorestore: stand-ins on mongosh took their place in dump.sh, restore.sh and restore-test.sh',
      );
    }
  });

  /** Puts stand-ins for mongodump and mongorestore in the PATH of the CronJobs, if the image lacks them. */
  async function useTools(): Promise<void> {
    if (hasTools) return;
    const data: Record<string, string> = {};
    for (const name of ['mongodump', 'mongorestore']) {
      data[name] = await readFile(path.join(__dirname, 'stand-ins', name), 'utf8');
    }
    const jobs = ['auth-mongo-backup', 'auth-mongo-restore', 'auth-mongo-restore-test'].map((name) => {
      const job = structuredClone(find(resources, 'CronJob', name));
      const pod = podOf(job);
      assert.ok(pod);
      pod.volumes?.push({ name: 'tools', configMap: { name: 'tools', defaultMode: 0o555 } });
      for (const container of containersOf(pod).filter(({ image: one }) => one.startsWith('mongo:'))) {
        container.volumeMounts?.push({ name: 'tools', mountPath: '/tools' });
        container.env?.push({
          name: 'PATH',
          value: '/tools:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        });
      }
      return job;
    });
    await namespace.apply([
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'tools' }, data },
      ...jobs,
    ]);
  }

  /** Creates a Job from a CronJob, waits for its end, and deletes it. */
  async function runJob(
    from: string,
    { command, env = [], volume }: { command?: string[]; env?: EnvVar[]; volume?: { name: string } } = {},
  ): Promise<{ succeeded: boolean; log: string }> {
    const args = ['create', 'job', `${from}-now`, `--from=cronjob/${from}`, '--dry-run=client', '-o', 'json'];
    const job = JSON.parse(await namespace.kubectl(args)) as Resource;
    const pod = podOf(job);
    const [container] = pod?.containers ?? [];
    assert.ok(pod && container && job.spec);
    if (command) container.command = command;
    if (volume) pod.volumes = pod.volumes?.map((one) => (one['name'] === volume.name ? volume : one)) ?? [];
    container.env?.unshift(...env.filter(({ name }) => !container.env?.some((one) => one.name === name)));
    for (const { name, value } of env) {
      const own = container.env?.find((one) => one.name === name);
      if (own && value !== undefined) own.value = value;
    }
    job.spec['backoffLimit'] = 0;
    await namespace.apply([job]);
    const ended = await until(
      `${from} to end`,
      async () => {
        const { status } = await namespace.get<{ status: { succeeded?: number; failed?: number } }>(
          'job',
          `${from}-now`,
        );
        return status.succeeded !== undefined || status.failed !== undefined ? status : undefined;
      },
      { timeoutMs: 600_000, everyMs: 1000 },
    );
    const log = await namespace.kubectl(['logs', `job/${from}-now`, '--all-containers', '--tail=100']);
    await namespace.kubectl(['delete', 'job', `${from}-now`]);
    return { succeeded: ended.succeeded === 1, log };
  }

  it('R18: rotates every password and renews every certificate without a failed request', async () => {
    const said: string[] = [];
    const load = mixedLoad(await signUp(ingress), said);
    const members = await namespace.pods('app=auth-mongo');
    const times: Record<string, string[]> = {};
    const timed = async (what: string, heading: string, command: string, env = {}): Promise<string> => {
      const began = Date.now();
      const scripts = 'infra/operate';
      const printed = await readme(namespace, heading, `${scripts}/${command}`, { env });
      (times[what] ??= []).push(
        `${seconds(Date.now() - began)}${said.length > 0 ? ` (${said.length} failed)` : ''}`,
      );
      return printed;
    };
    for (let round = 0; round < counts.again; round++) {
      const former = await secret('auth-mongo-app', 'user');
      const removed = await timed('app, root, backup, restore', 'Passwords', 'rotate-secrets.sh ticketing');
      assert.match(removed, new RegExp(`^auth\\.${former} removed$`, 'm'));
      // Another name of the same server.
      const server = round % 2 === 0 ? `auth-inbox-srv.${namespace.name}` : 'auth-inbox-srv';
      const SMTP_URL = submissionUrl.replace('auth-inbox-srv', server);
      const keys = await timed('keys', 'Signing keys', 'rotate-secrets.sh ticketing keys');
      assert.match(keys, /^Encrypted \d+ signing keys again\./m);
      assert.match(keys, /^The next key \S+ is published/m);
      assert.ok(!keys.includes(await secret('auth-keys', 'KEY_ENCRYPTION_KEY')));
      await timed('mail server', 'Mail', 'rotate-secrets.sh ticketing', { SMTP_URL });
      await timed('authority', 'Certificates', 'certificates.sh ticketing renew-authority');
      await timed('certificate', 'Certificates', 'certificates.sh ticketing renew');
      const dates = await timed('dates', 'Certificates', 'certificates.sh ticketing dates');
      assert.match(dates, /( 396 days left {2}auth-mongo-\d[^]*){3} 3649 days left {2}MongoDB's authority/);
    }
    const { outcomes } = await load.stop();
    for (const [what, took] of Object.entries(times)) say(`R18: ${what}: ${took.join(', ')}`);
    say(`R18: ${summary(outcomes)}`);
    assert.deepEqual(said, []);
    const still = ({ metadata, status }: Pod): string =>
      `${metadata.name} ${metadata.uid} ${status.containerStatuses?.[0]?.restartCount ?? ''}`;
    assert.deepEqual((await namespace.pods('app=auth-mongo')).map(still), members.map(still));
    const users = `print(db.getSiblingDB('auth').getUsers().users.length, db.getSiblingDB('admin').getUsers().users.length)`;
    assert.equal((await sh(await primary(), users)).trim(), '1 3');
    const { email } = await signUp(ingress);
    await new Inbox(namespace).take(email, 'Verify');
  });

  it('S26: rotates the signing key without a failed request, and revokes one, which signs everybody out', async () => {
    const cli = (...args: string[]): Promise<string> =>
      namespace.kubectl(['exec', 'deploy/auth-depl', '-c', 'auth', '--', 'node', 'dist/cli.js', ...args]);
    const kidOf = async (): Promise<string> => kidIn((await signUp(ingress)).cookie);
    const former = await signUp(ingress);
    // The key of the previous version signs for a day. After it there is one of this version.
    const revoked = Date.now();
    assert.match(await cli('revoke-key', await kidOf(), '--yes'), /Everybody has to sign in again/);
    await until(
      'everybody to be signed out',
      async () => {
        const { text } = await ingress.users('currentuser', undefined, former.cookie);
        return text === '{"currentUser":null}';
      },
      { timeoutMs: 15_000 },
    );
    say(`S26: revoked, and everybody signed out, within ${seconds(Date.now() - revoked)}`);
    // A replica that has not read the new key yet may have answered the last request.
    await sleep(6000);
    const said: string[] = [];
    const load = mixedLoad(await signUp(ingress), said);
    const first = await kidOf();
    const began = Date.now();
    const printed = await readme(
      namespace,
      'Signing keys',
      'kubectl -n ticketing exec deploy/auth-depl -c auth -- node dist/cli.js rotate-keys',
    );
    const [, next] = /^The next key (\S+) is published\./m.exec(printed) ?? [];
    await until('the next key to sign', async () => (await kidOf()) !== first, { timeoutMs: 120_000 });
    say(`S26: the next key signs after ${seconds(Date.now() - began)}`);
    // All replicas have seen it sign.
    await sleep(5000);
    assert.equal(await kidOf(), next);
    const { outcomes } = await load.stop();
    say(`S26: ${summary(outcomes)}`);
    assert.deepEqual(said, []);
  });

  it('fails every day from 30 days before a certificate ends', async () => {
    const env = [{ name: 'MIN_DAYS', value: '4000' }];
    const { succeeded, log } = await runJob('auth-certificates', { env });
    assert.ok(!succeeded);
    assert.equal(log.match(/FEWER THAN 4000 DAYS/g)?.length, 4, log);
  });

  it(
    'comes back with one command after the certificates have ended, and by hand if nothing is left of them',
    { skip: !long && 'in test:e2e:long' },
    async () => {
      const scripts = 'infra/operate';
      await readme(namespace, 'Certificates', `${scripts}/certificates.sh ticketing renew-authority`);
      const { cookie, email } = await signUp(ingress);
      const signedIn = async (): Promise<boolean> =>
        (await ingress.users('currentuser', undefined, cookie)).text.includes(email);
      const lasts = 90_000;
      const time = (at: number): string => `${new Date(at).toISOString().replace(/\D/g, '').slice(0, 14)}Z`;
      const ends = Date.now() + lasts;
      const script = `
        . ${scripts}/common.sh
        fetch auth-mongo-authority ca.key
        fetch auth-mongo-authority ca.crt
        certificate
        touch index.txt
        printf '[ca]\ndefault_ca=short\n[short]\nprivate_key=ca.key\ncertificate=ca.crt\ndatabase=index.txt\nnew_certs_dir=.\nrand_serial=yes\ndefault_md=sha256\npolicy=any\n[any]\norganizationName=supplied\ncommonName=supplied\n' >short.cnf
        openssl ca -batch -config short.cnf -notext -in server.csr -extfile extensions -startdate ${time(Date.now() - 3_600_000)} -enddate ${time(ends)} -out short.crt
        cat short.crt server.key >server.pem
        fetch auth-mongo-tls ca.crt
        replace auth-mongo-tls ca.crt server.pem
        cat server.pem`;
      const shortLived = await run('bash', ['-euo', 'pipefail', '-c', script], {
        cwd: project,
        env: { namespace: namespace.name },
      });
      for (const member of members) {
        await until('the new certificate', async () => {
          await namespace.kubectl(['annotate', 'pod', member, '--overwrite', `certificates=${Date.now()}`]);
          return (await namespace.exec(member, ['cat', '/etc/mongo-tls/server.pem'])) === shortLived;
        });
        await sh(member, 'db.adminCommand({ rotateCertificates: 1 })');
      }
      assert.ok(Date.now() < ends, 'the members use a certificate that has not ended yet');
      await sleep(ends + 1000 - Date.now());

      assert.ok(await signedIn(), 'open connections go on');
      const check = await runJob('auth-certificates');
      assert.ok(!check.succeeded);
      assert.equal(
        check.log.match(/-1 days left {2}auth-mongo-\d.* FEWER THAN 30 DAYS/g)?.length,
        3,
        check.log,
      );
      const kept = await uids('pods -l app=auth-mongo');
      await namespace.kubectl(['delete', 'pod', 'auth-mongo-2', '--wait=false']);
      await until(
        'a member that does not start',
        async () => {
          const [member] = (await namespace.pods('app=auth-mongo')).filter(
            ({ metadata }) => metadata.name === 'auth-mongo-2',
          );
          return (member?.status.containerStatuses?.[0]?.restartCount ?? 0) > 0;
        },
        { timeoutMs: 120_000 },
      );

      let began = Date.now();
      await readme(namespace, 'Certificates', `${scripts}/certificates.sh ticketing renew`);
      await namespace.rollout('statefulset/auth-mongo');
      await until('the session', signedIn);
      await signUp(ingress);
      say(
        `certificates that had ended were renewed, with one member down, in ${seconds(Date.now() - began)}`,
      );
      const without2 = (uid: string): boolean => !uid.includes('auth-mongo-2');
      assert.deepEqual(
        (await uids('pods -l app=auth-mongo')).split('\n').filter(without2),
        kept.split('\n').filter(without2),
        'no other member restarts',
      );

      began = Date.now();
      await readme(namespace, 'Certificates', 'kubectl -n ticketing delete secret');
      await readme(namespace, 'Certificates', `${scripts}/make-secrets.sh ticketing`);
      await readme(namespace, 'Certificates', 'kubectl -n ticketing delete pod');
      await readme(namespace, 'Certificates', 'kubectl -n ticketing rollout restart deployment/auth-depl');
      await namespace.rollout('statefulset/auth-mongo');
      await namespace.rollout('deployment/auth-depl');
      await until('the session', signedIn);
      await signUp(ingress);
      say(`all certificates and the authority were made anew in ${seconds(Date.now() - began)}`);
    },
  );

  it(
    'lets a first sync take longer than a member may take to start, and tells why it is not ready',
    { skip: !long && 'in test:e2e:long' },
    async () => {
      const path = '/spec/template/spec/containers/0';
      const patch = (...changes: object[]): Promise<string> =>
        namespace.kubectl([
          'patch',
          'statefulset',
          'auth-mongo',
          '--type=json',
          '-p',
          JSON.stringify(changes),
        ]);
      const mongo = podOf(find(resources, 'StatefulSet', 'auth-mongo'))?.containers[0];
      assert.ok(mongo?.command && mongo.startupProbe);
      const held = [
        '--setParameter=enableTestCommands=1',
        '--setParameter=failpoint.initialSyncHangBeforeFinish={mode:"alwaysOn"}',
      ];
      await signUp(ingress);
      await namespace.kubectl(['delete', 'pvc', 'data-auth-mongo-2', '--wait=false']);
      // This member alone changes, and has a minute to start.
      await patch(
        { op: 'add', path: '/spec/updateStrategy', value: { rollingUpdate: { partition: 2 } } },
        { op: 'replace', path: `${path}/command`, value: [...mongo.command, ...held] },
        { op: 'replace', path: `${path}/startupProbe/failureThreshold`, value: 12 },
      );
      const state = async (): Promise<Pod['status']['containerStatuses']> =>
        (await namespace.pods('app=auth-mongo')).find(
          ({ metadata }) => metadata.name === 'auth-mongo-2' && metadata.deletionTimestamp === undefined,
        )?.status.containerStatuses;
      const startedAt = await until(
        'the new member to start',
        async () => {
          const at = Date.parse((await state())?.[0]?.state.running?.startedAt ?? '');
          return at > Date.now() - 10_000 && at;
        },
        { timeoutMs: 180_000 },
      );
      await sleep(startedAt + 100_000 - Date.now());
      const during = await sh('auth-mongo-2', 'print(db.adminCommand({ replSetGetStatus: 1 }).myState)');
      assert.equal(during.trim(), '5', 'it is in its first sync (STARTUP2)');
      const [container] = (await state()) ?? [];
      assert.deepEqual(
        [container?.restartCount, container?.ready, container?.state.running?.startedAt],
        [0, false, new Date(startedAt).toISOString().replace('.000', '')],
      );
      const events = await namespace.kubectl(['get', 'events', '--field-selector=reason=Unhealthy']);
      assert.match(events, /Readiness probe failed: neither primary nor secondary/);
      await sh(
        'auth-mongo-2',
        `db.adminCommand({ configureFailPoint: 'initialSyncHangBeforeFinish', mode: 'off' })`,
      );
      await namespace.rollout('statefulset/auth-mongo');
      say(`a first sync was held for ${seconds(Date.now() - startedAt)}, and the member did not restart`);
      await patch(
        { op: 'replace', path: '/spec/updateStrategy', value: {} },
        { op: 'replace', path: `${path}/command`, value: mongo.command },
        {
          op: 'replace',
          path: `${path}/startupProbe/failureThreshold`,
          value: mongo.startupProbe.failureThreshold,
        },
      );
      await namespace.rollout('statefulset/auth-mongo');
    },
  );

  it('has a primary soon after all members start together, also when their Secrets have changed by hand', async () => {
    const { email, cookie } = await signUp(ingress);
    const times: Record<string, number[]> = { deleted: [], 'scaled from 0': [] };
    /** The time from `began` to the election of the primary that there is now. */
    const elected = async (began: number): Promise<number> => {
      const script = `
        const { date, members } = db.adminCommand({ replSetGetStatus: 1 });
        const { electionDate } = members.find(({ stateStr }) => stateStr === 'PRIMARY');
        print(electionDate.getTime());`;
      const at = await until(
        'an election',
        async () => {
          const found = Number(await sh(await primary(), script));
          return found > began - 1000 && found;
        },
        { timeoutMs: 120_000 },
      );
      return at - began;
    };
    for (let round = 0; round < counts.again; round++) {
      // Nobody can sign in with these, until the Job has brought the users up to date.
      for (const name of ['auth-mongo-root', 'auth-mongo-app']) {
        const patch = JSON.stringify({ stringData: { password: `by-hand-${round}` } });
        await namespace.kubectl(['patch', 'secret', name, '--type=merge', '-p', patch]);
      }
      let began = Date.now();
      await namespace.kubectl(['delete', 'pod', '-l', 'app=auth-mongo', '--wait=false']);
      times['deleted']?.push(await elected(began));
      await namespace.rollout('statefulset/auth-mongo');
      const { succeeded, log } = await runJob('auth-mongo-users');
      assert.ok(succeeded, log);

      await namespace.kubectl(['scale', 'statefulset/auth-mongo', '--replicas=0']);
      await settled(namespace, 'app=auth-mongo', 0);
      began = Date.now();
      await namespace.kubectl(['scale', 'statefulset/auth-mongo', '--replicas=3']);
      times['scaled from 0']?.push(await elected(began));
      await namespace.rollout('statefulset/auth-mongo');
    }
    for (const [how, took] of Object.entries(times)) {
      say(`all members ${how}: a primary after ${took.map(seconds).join(', ')}`);
    }
    // The service restarts with the password that was changed by hand.
    await readme(namespace, 'Passwords', 'kubectl -n ticketing rollout restart deployment/auth-depl');
    await namespace.rollout('deployment/auth-depl');
    await assertAnswers(ingress);
    await until('the session', async () =>
      (await ingress.users('currentuser', undefined, cookie)).text.includes(email),
    );
    const late = [
      ...(times['deleted'] ?? []).map((ms) => ms - 40_000),
      ...(times['scaled from 0'] ?? []).map((ms) => ms - 20_000),
    ];
    assert.ok(
      late.every((ms) => ms <= 0),
      'a primary within 40 s and 20 s',
    );
  });
});
