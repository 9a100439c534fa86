import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { describeAccounts, newEmail, type User } from './support/accounts';
import { build, makeSecrets, Namespace, settled } from './support/cluster';
import { Browser, Ingress, Load } from './support/ingress';
import { Inbox } from './support/inbox';
import { defineKinds } from './support/definitions';
import { compose, find, kustomizations, project, render, type PodSpec } from './support/manifests';
import { killMongod, mongosh } from './support/mongo';
import { chromiumPath, signUpInBrowser } from './support/pages';
import { readme } from './support/readme';
import { run, say, sleep, until } from './support/run';
import {
  adapt,
  assertAnswers,
  assertHealthIsInside,
  assertLockedDown,
  base,
  counts,
  long,
  developmentImage,
  password,
  seconds,
  signUp,
  summary,
  walkThrough,
} from './support/service';

// Tests the base on the cluster of the current kubectl context, in separate namespaces that it deletes at the end.
// production.test.ts runs at the same time.

// Not ticketing.dev, so that a running `skaffold dev` in the same cluster is not disturbed.
const host = 'e2e.ticketing.dev';

/** R3: sends POST requests on connections that were idle for various times around the keep-alive limits. */
async function assertNoStaleConnections(ingress: Ingress): Promise<void> {
  const burst = 100;
  const total: Record<string, number> = {};
  for (const idle of counts.idle) {
    await sleep(idle * 1000);
    const load = new Load(async () => String((await ingress.users('signin', {})).status), {
      callers: burst,
      pauseMs: 0,
      max: burst,
    });
    for (const [outcome, count] of Object.entries((await load.done()).outcomes))
      total[outcome] = (total[outcome] ?? 0) + count;
  }
  say(`R3: ${burst} POSTs after each of ${counts.idle.join(', ')} s idle: ${summary(total)}`);
  assert.deepEqual(total, { 400: burst * counts.idle.length });
}

// The components that no overlay has, and what they need.
const everyPart = [
  'mongo-replica-set',
  'one-member-a-node',
  'storage-class',
  'cert-manager-mongo',
  'no-mail',
  'cert-manager',
  'callers',
];

interface Deployment {
  spec: { template: { spec: PodSpec } };
}

describe('every rendering', () => {
  it('is accepted by the API server, and so are the Secrets', async () => {
    const { missing, undo } = await defineKinds();
    const namespace = await Namespace.create('auth-e2e-dry-run');
    try {
      const all = [
        ...kustomizations.map(async (at) => [at, await render(at)] as const),
        compose(everyPart).then((resources) => ['every other part', resources] as const),
      ];
      for (const [name, resources] of await Promise.all(all)) {
        const known = resources.filter(
          ({ kind }) => !missing.some((one) => one.startsWith(`${kind.toLowerCase()}s.`)),
        );
        await namespace.apply(known, '--dry-run=server', '--validate=strict');
        const left = resources.length - known.length;
        say(`${name}: ${known.length} resources accepted, ${left} of a kind that this cluster does not know`);
      }
      const printed = await makeSecrets(namespace);
      assert.match(printed, /^secret\/auth-smtp is missing: .*SMTP_URL.* MAIL to off/m);
      assert.match(printed, /^secret\/auth-mongo-authority created$/m);
      assert.match(printed, /^persistentvolumeclaim\/auth-mongo-backup created$/m);
    } finally {
      await namespace.delete();
      await undo();
    }
  });
});

describe('pin-images.sh', () => {
  it('pins every image but the service’s by its digest, again and again', async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'ticketing-'));
    try {
      await cp(path.join(project, 'infra'), folder, {
        recursive: true,
        filter: (file) => !file.endsWith('node_modules'),
      });
      const overlay = path.join(folder, 'overlays/production');
      const pin = () => run(path.join(folder, 'operate/pin-images.sh'), [overlay], { timeoutMs: 120_000 });
      const first = await pin();
      assert.match(first, /^ {2}- \{ name: mongo, digest: sha256:[0-9a-f]{64} \}$/m);
      const source = await readFile(path.join(overlay, 'kustomization.yaml'), 'utf8');
      await writeFile(
        path.join(overlay, 'kustomization.yaml'),
        source.replace('components/commands\n', 'components/commands\n  - digests\n'),
      );
      assert.equal(await pin(), first);
      const images = (await run('kubectl', ['kustomize', overlay])).match(/image: .*/g) ?? [];
      assert.ok(images.length > 5);
      for (const image of images) assert.match(image, /^image: (mongo@sha256:|ticketing\/auth:0)/);
      assert.match(
        await run(path.join(folder, 'operate/pin-images.sh'), [path.join(folder, 'overlays/external')]),
        /^images: \[\]$/m,
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('the base, as skaffold dev deploys it', () => {
  let namespace: Namespace;
  const ingress = new Ingress(base, host);
  const once = new Ingress(base, host, false);

  before(async () => {
    const image = await developmentImage();
    say(`image ${image}`);
    namespace = await Namespace.create('auth-e2e-base');
    const began = Date.now();
    await namespace.apply(adapt(await render('k8s'), image, host));
    await settled(namespace, 'app=auth-mongo');
    await settled(namespace, 'app=auth');
    await assertAnswers(ingress);
    say(`the base answered ${seconds(Date.now() - began)} after it was applied`);
  });

  after(async () => {
    ingress.close();
    once.close();
    await namespace.delete();
  });

  it('signs a user up, in and out over HTTPS', () => walkThrough(ingress));

  it(
    'signs a user up in a browser, and verifies the address by the link of the mail',
    { skip: chromiumPath === undefined && 'there is no Chromium' },
    () => signUpInBrowser(base, host, new Inbox(namespace), newEmail),
  );

  it('serves the pages, and JSON for an unknown path below /api', async () => {
    const { text, headers } = await ingress.request({ path: '/api/nothing' });
    assert.match(String(headers['content-type']), /json/, text);
    const page = await ingress.request({ path: '/signin' });
    assert.match(page.text, /<h1>Sign in<\/h1>/);
  });

  it('logs that it is connected', async () => {
    assert.match(await namespace.kubectl(['logs', '-l', 'app=auth', '--tail=100']), /Connected to MongoDb/);
  });

  it('S52: runs under the Pod Security standard `restricted`', async () => {
    await assertLockedDown(namespace, ['app=auth', 'app=auth-mongo']);
  });

  it('S58: does not expose health and metrics', () => assertHealthIsInside(ingress, namespace));

  describeAccounts(ingress, () => namespace);

  describe('the external overlay beside it, in a namespace and with a host of its own', () => {
    const other = new Ingress(base, 'external.e2e.ticketing.dev');
    let beside: Namespace;

    before(async () => {
      const image = await build(project, 'external');
      beside = await Namespace.create('auth-e2e-external');
      const printed = await makeSecrets(beside, {
        MONGO_URI: `mongodb://auth-mongo-srv.${namespace.name}:27017/external?directConnection=true`,
        // This name never exists (RFC 2606), so no mail is sent.
        SMTP_URL: 'smtp://mail.invalid:587',
      });
      assert.match(printed, /^secret\/auth-mongo-external created$/m);
      assert.doesNotMatch(printed, /auth-mongo-(root|tls|backup)/);
      const resources = adapt(await render('overlays/external'), image, 'external.e2e.ticketing.dev');
      // The tests have no certificate for this host, so they use the controller's own.
      for (const tls of find(resources, 'Ingress', 'ingress-srv').spec?.['tls'] as { secretName?: string }[])
        delete tls.secretName;
      const scaler = find(resources, 'HorizontalPodAutoscaler', 'auth-hpa').spec ?? {};
      Object.assign(scaler, { minReplicas: 1, maxReplicas: 1 });
      await beside.apply(resources);
      await settled(beside, 'app=auth');
      await assertAnswers(other);
    });

    after(async () => {
      other.close();
      await beside.delete();
    });

    it('signs a user up, in and out over HTTPS', () => walkThrough(other));

    it('has accounts and keys of its own', async () => {
      const { cookie } = await signUp(other);
      assert.equal((await ingress.users('currentuser', undefined, cookie)).text, '{"currentUser":null}');
    });

    it('creates an admin in a Job', async () => {
      const log = await readme(beside, 'Create an admin', 'kubectl');
      const made = { email: 'root@example.com', password: /^password: (\S+)$/m.exec(log)?.[1] ?? '' };
      const admin = new Browser(other);
      await admin.gets(200, 'POST', 'signin', made);
      const { users } = await admin.gets<{ users: User[] }>(200, 'GET', '?role=admin');
      assert.deepEqual(
        users.map(({ email }) => email),
        [made.email],
      );
    });

    it('S53: lets in a pod that says it calls the service, and no other', async () => {
      await beside.apply(
        await compose(['callers']).then((all) => all.filter(({ kind }) => kind === 'NetworkPolicy')),
      );
      const [template] = await beside.get<{ items: Deployment[] }>('deployments').then(({ items }) => items);
      const { containers = [], ...pod } = template?.spec.template.spec ?? {};
      const ask = `fetch('http://auth-srv:3000/api/users/currentuser', { signal: AbortSignal.timeout(3000) })
        .then(async (answer) => console.log(await answer.text()), (error) => console.log(error.name))`;
      for (const [name, labels, expected] of [
        ['caller', { 'ticketing.dev/calls-auth': 'true' }, '{"currentUser":null}'],
        ['stranger', {}, 'TimeoutError'],
      ] as const) {
        const { image, securityContext, resources } = containers[0] ?? {};
        const container = { name, image, securityContext, resources, args: ['-e', ask] };
        const spec = { ...pod, containers: [container], volumes: [], restartPolicy: 'Never' };
        const metadata = { name, labels: { app: name, ...labels } };
        await beside.apply([{ apiVersion: 'v1', kind: 'Pod', metadata, spec }]);
        await beside.kubectl([
          'wait',
          '--for=jsonpath={.status.phase}=Succeeded',
          `pod/${name}`,
          '--timeout=50s',
        ]);
        assert.equal((await beside.kubectl(['logs', name])).trim(), expected, name);
      }
    });

    it('S52, S58: is as locked down as production', async () => {
      await assertLockedDown(beside, ['app=auth']);
      await assertHealthIsInside(other, beside);
    });
  });

  it('creates the key-encryption key once, and keeps it when it is deployed again', async () => {
    const key = (): Promise<string> =>
      namespace.kubectl(['get', 'secret', 'auth-keys', '-o', 'jsonpath={.data.KEY_ENCRYPTION_KEY}']);
    const first = await key();
    assert.ok(first.length > 40);
    const job = (await render('k8s')).filter(({ metadata }) => metadata.name.startsWith('auth-keys'));
    await namespace.apply(job);
    await until(
      'the job to end',
      async () => (await namespace.kubectl(['get', 'jobs', '-o', 'name'])) === '',
    );
    assert.equal(await key(), first);
  });

  it('R3: returns no 502 on connections that were idle', () => assertNoStaleConnections(once));

  it('keeps its data when the MongoDB pod is deleted', async () => {
    const { email, cookie } = await signUp(ingress);
    await namespace.kubectl(['delete', 'pod', '-l', 'app=auth-mongo', '--timeout=60s'], {
      timeoutMs: 70_000,
    });
    const deleted = Date.now();
    await until('the account to be there', async () =>
      (await ingress.users('currentuser', undefined, cookie)).text.includes(email),
    );
    say(`MongoDB's pod deleted: the account was available ${seconds(Date.now() - deleted)} later`);
  });

  it('R6: loses no account when mongod is killed, and the service does not exit', async () => {
    const acknowledged: string[] = [];
    const times: number[] = [];
    await settled(namespace, 'app=auth');
    for (let round = 0; round < counts.crashes; round++) {
      // A new pod for each kill: the kubelet restarts a container at once only the first time, and then with growing delays.
      if (round > 0) {
        await namespace.kubectl(['delete', 'pod', '-l', 'app=auth-mongo', '--timeout=60s'], {
          timeoutMs: 70_000,
        });
      }
      const [pod] = await settled(namespace, 'app=auth-mongo');
      assert.ok(pod);
      await until(
        'sign-ups',
        async () => (await ingress.users('signup', { email: newEmail(), password })).status === 201,
      );
      // There is no pause, so that the last of these is acknowledged just before the kill.
      const load = new Load(
        async () => {
          const email = newEmail();
          const { status } = await ingress.users('signup', { email, password });
          if (status === 201) acknowledged.push(email);
          return String(status);
        },
        { callers: 2, pauseMs: 0, max: 200 },
      );
      await until('some sign-ups', () => load.result.requests > 6, { timeoutMs: 20_000 });
      await killMongod(namespace, pod.metadata.name);
      const killed = Date.now();
      await load.stop();
      times.push(
        await until(
          'a sign-up',
          async () => {
            const email = newEmail();
            const { status } = await ingress.users('signup', { email, password });
            if (status === 201) acknowledged.push(email);
            return status === 201 && Date.now() - killed;
          },
          { timeoutMs: 30_000 },
        ),
      );
    }
    const [mongo] = await settled(namespace, 'app=auth-mongo');
    const stored = await mongosh(
      namespace,
      mongo?.metadata.name ?? '',
      `
      const asked = ${JSON.stringify(acknowledged)};
      print(db.getSiblingDB('auth').users.countDocuments({ email: { $in: asked } }));`,
    );
    say(
      `R6: killed ${times.length} times, writes back after ${times.map((ms) => seconds(ms)).join(', ')}; ${stored.trim()} of ${acknowledged.length} acknowledged accounts are there`,
    );
    assert.equal(Number(stored), acknowledged.length);
    const [auth] = await settled(namespace, 'app=auth');
    assert.equal(auth?.status.containerStatuses?.[0]?.restartCount, 0, 'the service did not exit');
    // In the short form the tests of production keep the same cores busy.
    const maxMs = long ? 5000 : 15_000;
    const late = times.filter((ms) => ms > maxMs);
    assert.ok(late.length <= times.length / 10, `back within ${maxMs} ms: ${times.join(' ')}`);
  });
});
