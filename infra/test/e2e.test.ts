import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { describeAccounts, newEmail } from './support/accounts';
import { makeSecrets, Namespace, settled } from './support/cluster';
import { Ingress, Load } from './support/ingress';
import { kustomizations, render } from './support/manifests';
import { killMongod, mongosh } from './support/mongo';
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

describe('every rendering', () => {
  it('is accepted by the API server, and so are the Secrets', async () => {
    const kinds = await run('kubectl', ['api-resources', '--output=name']);
    const namespace = await Namespace.create('auth-e2e-dry-run');
    try {
      for (const kustomization of kustomizations) {
        const resources = await render(kustomization);
        const known = resources.filter(
          ({ kind }) => kind !== 'HTTPRoute' || kinds.includes('httproutes.gateway'),
        );
        await namespace.apply(known, '--dry-run=server', '--validate=strict');
        const left = resources.length - known.length;
        say(
          `${kustomization}: ${known.length} resources accepted${left > 0 ? '; the HTTPRoute not sent: this cluster does not know the Gateway API' : ''}`,
        );
      }
      const printed = await makeSecrets(namespace);
      assert.match(printed, /^secret\/auth-smtp is missing: .*SMTP_URL.* MAIL to off/m);
      assert.match(printed, /^secret\/auth-mongo-authority created$/m);
      assert.match(printed, /^persistentvolumeclaim\/auth-mongo-backup created$/m);
    } finally {
      await namespace.delete();
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

  it('logs that it is connected', async () => {
    assert.match(await namespace.kubectl(['logs', '-l', 'app=auth', '--tail=100']), /Connected to MongoDb/);
  });

  it('S52: runs under the Pod Security standard `restricted`', async () => {
    await assertLockedDown(namespace, ['app=auth', 'app=auth-mongo']);
  });

  it('S58: does not expose health and metrics', () => assertHealthIsInside(ingress, namespace));

  describeAccounts(ingress, () => namespace);

  it('creates the signing key once, and keeps it when it is deployed again', async () => {
    const key = (): Promise<string> =>
      namespace.kubectl(['get', 'secret', 'auth-jwt', '-o', 'jsonpath={.data.JWT_PRIVATE_KEY}']);
    const first = await key();
    assert.ok(first.length > 100);
    const job = (await render('k8s')).filter(({ metadata }) => metadata.name.startsWith('auth-jwt'));
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
