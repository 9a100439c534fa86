import assert from 'node:assert/strict';
import { newEmail } from './accounts';
import { build, isReady, type Namespace } from './cluster';
import { cookieOf, type Ingress } from './ingress';
import { containersOf, podOf, project, type Resource } from './manifests';
import { until } from './run';

// What the tests of development and of production on a cluster share.
//   E2E_INGRESS  the address of the ingress controller, default https://127.0.0.1
//   E2E_LENGTH   `long` for the full counts of the reliability rows

export const long = process.env['E2E_LENGTH'] === 'long';
export const base = new URL(process.env['E2E_INGRESS'] ?? 'https://127.0.0.1');
export const password = 'correct horse battery staple';

export const counts = long
  ? {
      rollouts: 10,
      again: 10,
      minRequests: 20_000,
      idle: [4, 10, 20, 30, 45, 59, 60, 61, 65, 70],
      crashes: 20,
      kills: 5,
      signups: 2000,
      stepDowns: 10,
      users: 100_000,
    }
  : {
      rollouts: 1,
      again: 2,
      minRequests: 2_000,
      idle: [4, 62],
      crashes: 3,
      kills: 1,
      signups: 150,
      stepDowns: 2,
      users: 2_000,
    };

export const summary = (outcomes: Record<string, number>): string => JSON.stringify(outcomes);
export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

// Both overlays need this image, because production uses the development inbox as its mail server.
let built: Promise<string> | undefined;
export const developmentImage = (): Promise<string> => (built ??= build(project));

// Every test comes from one network, and all pods share the cores of one machine. The other limits stay.
const raisedLimits = [
  ...['SIGNIN', 'SIGNUP', 'MAIL', 'TOKEN', 'HASH'].map((what) => ({
    name: `LIMIT_${what}_NETWORK`,
    value: '1000000/1m',
  })),
  { name: 'LIMITS_WAIT_MS', value: '2000' },
];

/** Replaces the image and the host, raises limits, and lets a test kill mongod. Changes nothing else. */
export function adapt(resources: Resource[], image: string, host: string): Resource[] {
  const text = JSON.stringify(resources).replaceAll('ticketing.dev', host);
  const adapted = JSON.parse(text) as Resource[];
  for (const resource of adapted) {
    const pod = podOf(resource);
    if (!pod) continue;
    for (const container of containersOf(pod)) {
      if (/^ticketing\/auth(-dev)?(:|$)/.test(container.image)) container.image = image;
      if (container.name === 'auth') container.env?.push(...raisedLimits);
    }
    if (resource.metadata.labels?.['app'] === 'auth-mongo') pod.shareProcessNamespace = true;
  }
  return adapted;
}

/** The first visit of a user: signs up, signs in, asks for the current user, and signs out. */
export async function walkThrough(ingress: Ingress): Promise<void> {
  const email = newEmail();
  const signup = await ingress.users('signup', { email, password });
  assert.equal(signup.status, 201, signup.text);
  assert.match(String(signup.headers['set-cookie']), /; secure/i);
  const signin = await ingress.users('signin', { email, password });
  assert.equal(signin.status, 200, signin.text);
  const cookie = cookieOf(signin);
  assert.match(
    (await ingress.users('currentuser', undefined, cookie)).text,
    new RegExp(`"email":"${email}"`),
  );
  assert.equal((await ingress.users('signout', {}, cookie)).status, 200);
  assert.equal((await ingress.users('currentuser', undefined, cookie)).text, '{"currentUser":null}');
}

export async function signUp(ingress: Ingress): Promise<{ email: string; cookie: string }> {
  const email = newEmail();
  const answer = await ingress.users('signup', { email, password });
  assert.equal(answer.status, 201, answer.text);
  return { email, cookie: cookieOf(answer) };
}

/** S58: health and metrics are not reachable from outside. */
export async function assertHealthIsInside(ingress: Ingress, namespace: Namespace): Promise<void> {
  for (const at of ['/livez', '/readyz', '/metrics', '/api/users/livez', '/api/users/../../readyz']) {
    const { status, text } = await ingress.request({ path: at });
    assert.equal(status, 404, `${at} ${text}`);
  }
  const service = await namespace.get<{ spec: { ports: { port: number }[] } }>('service', 'auth-srv');
  assert.deepEqual(
    service.spec.ports.map(({ port }) => port),
    [3000],
  );
}

/** S52: the namespace enforces `restricted`. This checks what it does not enforce. */
export async function assertLockedDown(namespace: Namespace, labels: string[]): Promise<void> {
  for (const label of labels) {
    // A pod that terminates may end at any moment.
    for (const pod of (await namespace.pods(label)).filter(isReady)) {
      const { name } = pod.metadata;
      assert.ok(!pod.spec.volumes?.some((volume) => volume.name.startsWith('kube-api-access')), name);
      const touch = namespace.exec(name, ['sh', '-c', 'touch /written']);
      await assert.rejects(touch, /Read-only file system/, name);
      assert.notEqual((await namespace.exec(name, ['id', '-u'])).trim(), '0');
    }
  }
}

export async function assertAnswers(ingress: Ingress): Promise<void> {
  await until(
    'the ingress to serve the service',
    async () => (await ingress.users('currentuser')).status === 200,
    {
      timeoutMs: 120_000,
    },
  );
}
