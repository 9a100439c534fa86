import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { before, describe, it } from 'node:test';
import { parse as parseYaml } from 'yaml';
import {
  compose,
  containersOf,
  find,
  kustomizations,
  podOf,
  project,
  render,
  type Container,
  type Kustomization,
  type PodSpec,
  type Resource,
} from './support/manifests';
import { readMetricsPage } from './support/metrics';
import { selectorsIn } from './support/promql';
import { run } from './support/run';

// Tests of the manifests, without a cluster. They need kubectl, for its kustomize.

const rendered = {} as Record<Kustomization, Resource[]>;

before(async () => {
  for (const kustomization of kustomizations) rendered[kustomization] = await render(kustomization);
});

const pods = (resources: Resource[]): [string, PodSpec][] =>
  resources.flatMap((resource) => {
    const pod = podOf(resource);
    return pod ? [[`${resource.kind}/${resource.metadata.name}`, pod] as [string, PodSpec]] : [];
  });

const all = (): [string, Resource][] =>
  kustomizations.flatMap((at) => rendered[at].map((resource): [string, Resource] => [at, resource]));

const auth = (at: Kustomization): { pod: PodSpec; container: Container } => {
  const pod = podOf(find(rendered[at], 'Deployment', 'auth-depl'));
  const container = pod?.containers[0];
  assert.ok(pod && container);
  return { pod, container };
};

const env = (container: Container, name: string): string | undefined =>
  container.env?.find((variable) => variable.name === name)?.value;

const mebibytes = (quantity: string | undefined): number => {
  const [, number, unit] = /^(\d+)(Mi|Gi)$/.exec(quantity ?? '') ?? [];
  assert.ok(number, `memory in Mi or Gi, not ${quantity ?? 'none'}`);
  return Number(number) * (unit === 'Gi' ? 1024 : 1);
};

const labels = (resource: Resource): unknown => ({
  own: resource.metadata.labels?.['app'],
  selector: (resource.spec as { selector: { matchLabels: unknown } }).selector.matchLabels,
  pod: (resource.spec as { template: { metadata: { labels: unknown } } }).template.metadata.labels,
});

interface Artifact {
  image: string;
  context: string;
  docker: { target: string; buildArgs?: Record<string, string> };
  sync?: unknown;
}

interface Skaffold {
  build: { artifacts: Artifact[] };
  manifests: { kustomize: { paths: string[] } };
  portForward: { resourceName: string; port: number; localPort: number }[];
  profiles: (Pick<Skaffold, 'build' | 'manifests'> & {
    name: string;
    resourceSelector: { allow: { groupKind: string; image: string[]; labels: string[] }[] };
  })[];
}

const skaffoldConfig = async (): Promise<Skaffold> =>
  parseYaml(await readFile(path.join(project, 'skaffold.yaml'), 'utf8')) as Skaffold;

describe('every rendering', () => {
  it('has the documented names and labels', () => {
    for (const [name, app] of [
      ['auth-depl', 'auth'],
      ['auth-mongo-depl', 'auth-mongo'],
    ] as const) {
      const expected = { own: app, selector: { app }, pod: { app, 'app.kubernetes.io/name': app } };
      assert.deepEqual(labels(find(rendered.k8s, 'Deployment', name)), expected);
    }
    for (const at of ['k8s', 'overlays/production'] as const) {
      const service = find(rendered[at], 'Service', 'auth-srv').spec;
      assert.deepEqual(service?.['selector'], { app: 'auth' });
      assert.deepEqual(find(rendered[at], 'Service', 'auth-mongo-srv').spec?.['selector'], {
        app: 'auth-mongo',
      });
      find(rendered[at], 'Ingress', 'ingress-srv');
    }
  });

  it('S52: every pod meets the Pod Security standard `restricted`, with a read-only root and no token', () => {
    for (const at of kustomizations) {
      for (const [name, pod] of pods(rendered[at])) {
        const where = `${at}: ${name}`;
        assert.equal(pod.securityContext?.runAsNonRoot, true, where);
        assert.ok((pod.securityContext.runAsUser ?? 0) > 0, where);
        assert.equal(pod.securityContext.seccompProfile?.type, 'RuntimeDefault', where);
        assert.equal(pod.automountServiceAccountToken, false, where);
        for (const { securityContext } of containersOf(pod)) {
          assert.equal(securityContext?.['allowPrivilegeEscalation'], false, where);
          assert.equal(securityContext['readOnlyRootFilesystem'], true, where);
          assert.deepEqual(securityContext.capabilities?.drop, ['ALL'], where);
        }
      }
    }
  });

  it('gives an API token only to the pod that creates the key-encryption key, and to no pod in production', () => {
    const holders = (at: Kustomization): string[] =>
      pods(rendered[at])
        .filter(([, pod]) => JSON.stringify(pod.volumes ?? []).includes('serviceAccountToken'))
        .map(([name]) => name);
    assert.deepEqual(holders('k8s'), ['Job/auth-keys']);
    assert.deepEqual(holders('overlays/production'), []);
    assert.deepEqual(find(rendered.k8s, 'Role', 'auth-keys'), {
      ...find(rendered.k8s, 'Role', 'auth-keys'),
      rules: [
        { apiGroups: [''], resources: ['secrets'], resourceNames: ['auth-keys'], verbs: ['get', 'patch'] },
      ],
    });
  });

  it('sets requests and limits of CPU and memory for every container', () => {
    for (const at of kustomizations) {
      for (const [name, pod] of pods(rendered[at])) {
        for (const { resources, name: container } of containersOf(pod)) {
          const where = `${at}: ${name} ${container}`;
          for (const amounts of [resources?.requests, resources?.limits]) {
            assert.ok(amounts?.['cpu'], where);
            assert.ok(amounts['memory'], where);
          }
        }
      }
    }
  });

  it('has enough memory for the idle service and the maximum number of concurrent hashes', () => {
    const idle = 100;
    const hash = 32;
    for (const at of ['k8s', 'overlays/production'] as const) {
      const { container } = auth(at);
      const hashes = Number(env(container, 'HASH_CONCURRENCY'));
      assert.ok(hashes >= 1);
      assert.ok(mebibytes(container.resources?.requests?.['memory']) >= idle + hashes * hash, at);
      assert.ok(mebibytes(container.resources?.limits?.['memory']) >= 1.5 * (idle + hashes * hash), at);
    }
  });

  it('sets a version for every image', () => {
    for (const [at, resource] of all()) {
      const pod = podOf(resource);
      for (const { image } of pod ? containersOf(pod) : []) {
        assert.doesNotMatch(image, /:latest$/, at);
        // In development, skaffold sets the tag of the service's image.
        if (image !== 'ticketing/auth-dev') assert.match(image, /:[\w.-]+$/, at);
      }
    }
    assert.match(auth('overlays/production').container.image, /^ticketing\/auth:\d+\.\d+\.\d+$/);
  });

  it('releases the locks of a killed process after 10 s, on every MongoDB member', () => {
    for (const member of [
      find(rendered.k8s, 'Deployment', 'auth-mongo-depl'),
      find(rendered['overlays/production'], 'StatefulSet', 'auth-mongo'),
    ]) {
      const { command } = podOf(member)?.containers[0] ?? {};
      assert.ok(command?.includes('--setParameter=transactionLifetimeLimitSeconds=10'), member.metadata.name);
    }
  });

  it('uses the same ports in Ingress, Service, container and settings', () => {
    for (const at of ['k8s', 'overlays/production'] as const) {
      const { container } = auth(at);
      const port = (name: string): number | undefined =>
        container.ports?.find((one) => one.name === name)?.containerPort;
      assert.equal(port('http'), 3000);
      assert.equal(env(container, 'PORT'), '3000');
      assert.equal(String(port('health')), env(container, 'HEALTH_PORT'));
      assert.deepEqual(find(rendered[at], 'Service', 'auth-srv').spec?.['ports'], [
        { name: 'http', port: 3000, targetPort: 'http' },
      ]);
      assert.deepEqual(find(rendered[at], 'Service', 'auth-mongo-srv').spec?.['ports'], [
        { name: 'mongo', port: 27017, targetPort: 'mongo' },
      ]);
    }
    const [mongo] = podOf(find(rendered.k8s, 'Deployment', 'auth-mongo-depl'))?.containers ?? [];
    assert.deepEqual(mongo?.ports, [{ name: 'mongo', containerPort: 27017 }]);
  });

  it('routes the API and the pages of ticketing.dev, over TLS and without annotations', () => {
    for (const at of ['k8s', 'overlays/production'] as const) {
      const { spec, metadata } = find(rendered[at], 'Ingress', 'ingress-srv');
      const backend = { service: { name: 'auth-srv', port: { number: 3000 } } };
      assert.equal(spec?.['ingressClassName'], 'nginx');
      assert.deepEqual(spec['rules'], [
        {
          host: 'ticketing.dev',
          http: {
            paths: [
              { path: '/api/users', pathType: 'Prefix', backend },
              { path: '/', pathType: 'Prefix', backend },
            ],
          },
        },
      ]);
      const [tls] = spec['tls'] as { hosts: string[]; secretName?: string }[];
      assert.deepEqual(tls?.hosts, ['ticketing.dev']);
      assert.equal(tls.secretName, at === 'k8s' ? undefined : 'ticketing-tls');
      assert.equal(metadata.annotations, undefined);
    }
  });

  it('has an HTTPRoute with the same routes as the Ingress that it replaces', () => {
    const gateway = rendered['overlays/production-gateway'];
    assert.ok(!gateway.some(({ kind }) => kind === 'Ingress'));
    const { spec } = find(gateway, 'HTTPRoute', 'auth-route');
    assert.deepEqual(spec?.['hostnames'], ['ticketing.dev']);
    assert.deepEqual(
      spec['rules'],
      ['/api/users', '/'].map((value) => ({
        matches: [{ path: { type: 'PathPrefix', value } }],
        backendRefs: [{ name: 'auth-srv', port: 3000 }],
      })),
    );
  });

  it('has pages exactly where there is a route to them', async () => {
    for (const at of kustomizations) assert.equal(env(auth(at).container, 'PAGES'), 'on', at);
    for (const [route, kind, name] of [
      ['ingress', 'Ingress', 'ingress-srv'],
      ['gateway', 'HTTPRoute', 'auth-route'],
    ] as const) {
      const without = await compose([route]);
      const [container] = podOf(find(without, 'Deployment', 'auth-depl'))?.containers ?? [];
      assert.equal(container && env(container, 'PAGES'), 'off');
      const { spec } = find(without, kind, name);
      const paths = JSON.stringify(spec?.['rules']).match(/"\/[^"]*"/g);
      assert.deepEqual(paths, ['"/api/users"']);
    }
  });

  it('probes the health port, and only the readiness probe depends on the database', () => {
    for (const at of ['k8s', 'overlays/production'] as const) {
      const { startupProbe, livenessProbe, readinessProbe } = auth(at).container;
      assert.deepEqual(startupProbe?.httpGet, { path: '/livez', port: 'health' });
      assert.deepEqual(livenessProbe?.httpGet, { path: '/livez', port: 'health' });
      assert.deepEqual(readinessProbe?.httpGet, { path: '/readyz', port: 'health' });
      for (const [name, pod] of pods(rendered[at]).filter(([one]) => /^(Dep|Stateful).*mongo/.test(one))) {
        for (const { startupProbe: start, livenessProbe: live, readinessProbe: ready } of pod.containers) {
          assert.ok(start && live && ready, `${at}: ${name}`);
        }
      }
    }
  });

  it('terminates a pod of the service without losing a request', () => {
    for (const at of ['k8s', 'overlays/production'] as const) {
      const { pod, container } = auth(at);
      const drainSeconds = 9;
      const waits = container.lifecycle?.preStop?.sleep?.seconds ?? 0;
      assert.ok(waits >= 5, 'preStop waits for the ingress');
      assert.ok((pod.terminationGracePeriodSeconds ?? 0) > waits + drainSeconds);
      const { spec } = find(rendered[at], 'Deployment', 'auth-depl');
      assert.deepEqual(spec?.['strategy'], {
        type: 'RollingUpdate',
        rollingUpdate: { maxUnavailable: 0, maxSurge: 1 },
      });
    }
  });
});

describe('development', () => {
  it('stores the data of its one MongoDB in a claim, and never runs two MongoDBs on it', () => {
    const mongo = find(rendered.k8s, 'Deployment', 'auth-mongo-depl');
    assert.deepEqual(mongo.spec?.['strategy'], { type: 'Recreate' });
    const claims = podOf(mongo)?.volumes?.filter((volume) => 'persistentVolumeClaim' in volume);
    assert.deepEqual(claims, [{ name: 'data', persistentVolumeClaim: { claimName: 'auth-mongo-data' } }]);
    find(rendered.k8s, 'PersistentVolumeClaim', 'auth-mongo-data');
  });

  it('connects to the Services by name', () => {
    assert.equal(env(auth('k8s').container, 'MONGO_URI'), 'mongodb://auth-mongo-srv:27017/auth');
    assert.equal(env(auth('k8s').container, 'SMTP_URL'), 'smtp://auth-inbox-srv:1025');
  });

  it('uses the same ports for the mail inbox in Service and container', () => {
    const { spec } = find(rendered.k8s, 'Service', 'auth-inbox-srv');
    assert.deepEqual(spec?.['selector'], { app: 'auth-inbox' });
    assert.deepEqual(spec['ports'], [
      { name: 'smtp', port: 1025, targetPort: 'smtp' },
      { name: 'page', port: 8025, targetPort: 'page' },
    ]);
    const [inbox] = podOf(find(rendered.k8s, 'Deployment', 'auth-inbox-depl'))?.containers ?? [];
    // The default ports of the inbox. Its environment sets no others.
    assert.deepEqual(inbox?.ports, [
      { name: 'smtp', containerPort: 1025 },
      { name: 'page', containerPort: 8025 },
    ]);
    assert.deepEqual(
      inbox.env?.map(({ name }) => name),
      ['INBOX_HOST'],
    );
  });
});

describe('production', () => {
  const production = (kind: string, name: string): Record<string, unknown> =>
    find(rendered['overlays/production'], kind, name).spec ?? {};

  it('runs compiled code with production settings, without the parts for development', () => {
    const { pod, container } = auth('overlays/production');
    assert.equal(env(container, 'NODE_ENV'), 'production');
    // Neither without the other: see base.
    assert.match(env(container, 'NODE_OPTIONS') ?? '', /--max-old-space-size=\d+ --max-semi-space-size=\d+/);
    assert.equal(env(container, 'PASSWORD_PROFILE'), 'strict');
    assert.deepEqual(pod.initContainers ?? [], []);
    assert.deepEqual(
      pod.volumes?.map((volume) => volume['name']),
      ['mongo-ca'],
    );
    const development = /^auth-(mongo-depl|mongo-data|keys|inbox)/;
    for (const { kind, metadata } of rendered['overlays/production']) {
      assert.doesNotMatch(metadata.name, development, kind);
    }
  });

  it('takes the mail server from an optional Secret', () => {
    const { container } = auth('overlays/production');
    assert.deepEqual(
      container.env?.filter(({ name }) => name === 'SMTP_URL'),
      [
        {
          name: 'SMTP_URL',
          valueFrom: { secretKeyRef: { name: 'auth-smtp', key: 'SMTP_URL', optional: true } },
        },
      ],
    );
    assert.equal(env(container, 'MAIL'), undefined);
  });

  it('has three replicas at least by autoscaling on CPU, spread over nodes, with a disruption budget', () => {
    const { replicas, template } = production('Deployment', 'auth-depl') as {
      replicas?: number;
      template: { spec: { topologySpreadConstraints: { topologyKey: string }[] } };
    };
    assert.equal(replicas, undefined, 'a deployment must not change the number that the autoscaler chose');
    assert.deepEqual(
      template.spec.topologySpreadConstraints.map(({ topologyKey }) => topologyKey),
      ['kubernetes.io/hostname', 'topology.kubernetes.io/zone'],
    );
    const hpa = production('HorizontalPodAutoscaler', 'auth-hpa');
    assert.deepEqual(hpa['scaleTargetRef'], { apiVersion: 'apps/v1', kind: 'Deployment', name: 'auth-depl' });
    assert.equal(hpa['minReplicas'], 3);
    assert.match(JSON.stringify(hpa['metrics']), /"name":"cpu"/);
    for (const [name, app] of [
      ['auth-pdb', 'auth'],
      ['auth-mongo-pdb', 'auth-mongo'],
    ] as const) {
      const budget = production('PodDisruptionBudget', name);
      assert.deepEqual(budget['selector'], { matchLabels: { app } });
      assert.equal(budget['maxUnavailable'], 1);
    }
  });

  it('has three MongoDB members with authentication, TLS and a claim each', () => {
    const members = production('StatefulSet', 'auth-mongo') as {
      replicas: number;
      serviceName: string;
      template: { spec: PodSpec };
      volumeClaimTemplates: unknown[];
    };
    assert.equal(members.replicas, 3);
    assert.equal(members.serviceName, 'auth-mongo-srv');
    assert.equal(members.volumeClaimTemplates.length, 1);
    const command = members.template.spec.containers[0]?.command ?? [];
    for (const option of ['--auth', '--clusterAuthMode=x509', '--tlsMode=requireTLS']) {
      assert.ok(command.includes(option), option);
    }
    assert.equal(production('Service', 'auth-mongo-srv')['clusterIP'], 'None');
  });

  it('connects as the application user over TLS, with write concern majority', () => {
    const { container } = auth('overlays/production');
    const uri = env(container, 'MONGO_URI') ?? '';
    assert.match(
      uri,
      /^mongodb:\/\/\$\(MONGO_USER\):\$\(MONGO_PASSWORD\)@(auth-mongo-[012]\.auth-mongo-srv:27017,?){3}\/auth\?/,
    );
    for (const option of ['replicaSet=rs0', 'w=majority', 'tls=true', 'authSource=auth']) {
      assert.ok(uri.split(/[?&]/).includes(option), option);
    }
    const names = container.env?.map(({ name }) => name) ?? [];
    // Kubernetes expands a variable only if it is defined before.
    for (const name of ['MONGO_USER', 'MONGO_PASSWORD']) {
      assert.ok(names.includes(name) && names.indexOf(name) < names.indexOf('MONGO_URI'), name);
    }
  });

  it('S54: takes secrets from Secrets only', () => {
    for (const [name, pod] of pods(rendered['overlays/production'])) {
      for (const { env: variables = [] } of containersOf(pod)) {
        for (const variable of variables.filter((one) =>
          /PASSWORD$|PRIVATE_KEY$|^SMTP_URL$|^MONGO_USER$/.test(one.name),
        )) {
          assert.ok(variable.valueFrom?.secretKeyRef, `${name}: ${variable.name}`);
        }
        for (const { value = '' } of variables.filter((one) => one.name === 'MONGO_URI')) {
          assert.match(value, /^mongodb:\/\/\$\(MONGO_USER\):\$\(MONGO_PASSWORD\)@/, name);
        }
      }
    }
  });

  it('S53: denies all traffic that no policy names', () => {
    const denied = production('NetworkPolicy', 'default-deny');
    assert.deepEqual(denied, { podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
    const named = rendered['overlays/production'].filter(({ kind }) => kind === 'NetworkPolicy');
    assert.deepEqual(named.map(({ metadata }) => metadata.name).sort(), [
      'allow-mongo',
      'auth',
      'auth-mongo',
      'auth-mongo-backup',
      'auth-mongo-jobs',
      'default-deny',
      'dns',
    ]);
    assert.deepEqual(production('NetworkPolicy', 'allow-mongo')['egress'], [
      { to: [{ podSelector: { matchLabels: { app: 'auth-mongo' } } }], ports: [{ port: 27017 }] },
    ]);
    assert.deepEqual(production('NetworkPolicy', 'auth')['egress'], [
      // The mail submission ports of any host.
      { ports: [{ port: 465 }, { port: 587 }] },
    ]);
  });

  it('dumps every day, restores only on request, and tests a restore only where it is switched on', () => {
    assert.equal(production('CronJob', 'auth-mongo-backup')['suspend'], undefined);
    assert.equal(production('CronJob', 'auth-mongo-restore')['suspend'], true);
    assert.equal(production('CronJob', 'auth-mongo-restore-test')['suspend'], true);
  });

  it('deletes neither the dumps nor the data with the deployment', () => {
    // make-secrets.sh creates the claim of the dumps, and the StatefulSet those of the data.
    assert.ok(!rendered['overlays/production'].some(({ kind }) => kind === 'PersistentVolumeClaim'));
    assert.deepEqual(production('StatefulSet', 'auth-mongo')['persistentVolumeClaimRetentionPolicy'], {
      whenDeleted: 'Retain',
      whenScaled: 'Retain',
    });
  });

  it("mounts the key of the members' certificate in the members and in the Job that makes the users", () => {
    const holders = pods(rendered['overlays/production']).filter(([, { volumes = [] }]) =>
      volumes.some(({ secret }) => {
        const { secretName, items } = (secret ?? {}) as { secretName?: string; items?: { key: string }[] };
        return secretName === 'auth-mongo-tls' && !items?.every(({ key }) => key === 'ca.crt');
      }),
    );
    assert.deepEqual(holders.map(([name]) => name).sort(), [
      'CronJob/auth-mongo-users',
      'Job/auth-mongo-users',
      'StatefulSet/auth-mongo',
    ]);
  });

  it('gives the same pod to the Job that makes the users and to the CronJob that repeats it', () => {
    const { template } = production('Job', 'auth-mongo-users');
    const { jobTemplate } = production('CronJob', 'auth-mongo-users') as {
      jobTemplate: { spec: { template: unknown } };
    };
    assert.deepEqual(template, jobTemplate.spec.template);
  });

  it("runs the service's commands in Jobs with the service's environment", () => {
    const { env: service } = auth('overlays/production').container;
    for (const [name, container] of [
      ['auth-create-admin', 'create-admin'],
      ['auth-mongo-restore', 'after-restore'],
    ] as const) {
      const pod = podOf(find(rendered['overlays/production'], 'CronJob', name));
      const command = pod?.containers.find((one) => one.name === container);
      assert.deepEqual(command?.env, service, name);
    }
  });

  it('is labelled by skaffold in no pod template, so that an unchanged pod is not replaced', async () => {
    for (const { name, resourceSelector } of (await skaffoldConfig()).profiles) {
      const at = `overlays/${name}` as Kustomization;
      for (const { kind, metadata } of rendered[at].filter((resource) => podOf(resource))) {
        const where = `${name}: ${kind}/${metadata.name}`;
        const rule = resourceSelector.allow.find(({ groupKind }) => groupKind.startsWith(`${kind}.`));
        // skaffold finds what it has deployed by the label of the resource itself.
        assert.deepEqual(rule?.labels, ['.metadata.labels'], where);
        assert.deepEqual(rule.image, ['.*'], where);
      }
    }
  });
});

describe('the parts', () => {
  const spec = (resources: Resource[], kind: string, name: string): Record<string, unknown> =>
    find(resources, kind, name).spec ?? {};

  it('are chosen by a line each, in overlays of about fifteen lines', async () => {
    for (const at of kustomizations.filter((one) => one !== 'k8s')) {
      const text = await readFile(path.join(project, 'infra', at, 'kustomization.yaml'), 'utf8');
      const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
      assert.ok(lines.length <= 19, at);
    }
    const all = ['mongo-replica-set', 'mail', 'autoscaling', 'ingress', 'settings', 'backup', 'commands'];
    const kinds = async (components: string[]): Promise<string[]> =>
      (await compose(components)).map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    const whole = await kinds(all);
    for (const [without, expected] of [
      [
        'backup',
        ['auth-mongo-backup', 'auth-mongo-backup-scripts', 'auth-mongo-restore', 'auth-mongo-restore-test'],
      ],
      ['ingress', ['ingress-srv']],
      ['autoscaling', ['auth-hpa']],
      ['commands', ['auth-create-admin']],
    ] as const) {
      const left = await kinds(all.filter((one) => one !== without));
      const gone = whole.filter((one) => !left.includes(one)).map((one) => one.split('/')[1]);
      assert.deepEqual(gone.sort(), [...expected].sort());
    }
  });

  it('get every setting from one file, and leave the file out', async () => {
    const settings = {
      host: 'tickets.example.com',
      image: 'registry.example.com/auth:1.2.3',
      mailFrom: 'Example <no-reply@example.com>',
      minReplicas: '5',
      proxyNamespace: 'traefik',
      prometheusNamespace: 'observability',
      ingressClass: 'traefik',
      gateway: 'public',
      gatewayNamespace: 'edge',
      issuer: 'our-issuer',
      storageClass: 'encrypted',
    };
    const parts = ['mongo-replica-set', 'storage-class', 'mail', 'autoscaling', 'ingress', 'gateway'];
    const policies = [
      'cert-manager',
      'network-policies',
      'network-policies-mongo',
      'callers',
      'service-monitor',
    ];
    const resources = await compose([...parts, ...policies, 'settings', 'backup', 'commands'], settings);
    const text = JSON.stringify(resources);
    for (const value of Object.values(settings))
      assert.ok(text.includes(JSON.stringify(value).slice(1, -1)), value);
    for (const former of ['ticketing.dev"', 'ticketing/auth', 'letsencrypt'])
      assert.ok(!text.replaceAll('no-reply@ticketing.dev', '').includes(former), former);
    assert.ok(!resources.some(({ metadata }) => metadata.name === 'settings'));

    const { containers = [] } = podOf(find(resources, 'Deployment', 'auth-depl')) ?? {};
    assert.equal(containers[0] && env(containers[0], 'PUBLIC_URL'), 'https://tickets.example.com');
    assert.equal(spec(resources, 'HorizontalPodAutoscaler', 'auth-hpa')['minReplicas'], 5);
    assert.equal(spec(resources, 'Ingress', 'ingress-srv')['ingressClassName'], 'traefik');
    const route = spec(resources, 'HTTPRoute', 'auth-route');
    assert.deepEqual(route['hostnames'], ['tickets.example.com']);
    assert.deepEqual(route['parentRefs'], [{ name: 'public', namespace: 'edge', sectionName: 'https' }]);
    for (const name of ['auth', 'http01-solver']) {
      const [rule] = spec(resources, 'NetworkPolicy', name)['ingress'] as { from: unknown[] }[];
      const namespaceSelector = { matchLabels: { 'kubernetes.io/metadata.name': 'traefik' } };
      assert.deepEqual(rule?.from, [{ namespaceSelector }], name);
    }
    const [claim] = spec(resources, 'StatefulSet', 'auth-mongo')['volumeClaimTemplates'] as Resource[];
    assert.equal(claim?.spec?.['storageClassName'], 'encrypted');
    // Where the component is not chosen, the field is absent. An empty string would mean no class.
    const { volumeClaimTemplates } = spec(rendered['overlays/production'], 'StatefulSet', 'auth-mongo');
    assert.ok(!JSON.stringify(volumeClaimTemplates).includes('storageClassName'));
  });

  it('take MongoDB from outside with one URI in a Secret, and then have nothing of our own', () => {
    const external = rendered['overlays/external'];
    assert.ok(!external.some(({ metadata }) => metadata.name.startsWith('auth-mongo')));
    assert.deepEqual(
      auth('overlays/external').container.env?.filter(({ name }) => name.startsWith('MONGO')),
      [{ name: 'MONGO_URI', valueFrom: { secretKeyRef: { name: 'auth-mongo-external', key: 'MONGO_URI' } } }],
    );
    const { env: variables } = podOf(find(external, 'CronJob', 'auth-create-admin'))?.containers[0] ?? {};
    assert.deepEqual(variables, auth('overlays/external').container.env);
    assert.deepEqual(spec(external, 'NetworkPolicy', 'allow-mongo')['egress'], [
      { ports: [{ port: 27015, endPort: 27017 }] },
    ]);
  });

  it('let cert-manager write the file that mongod and the Job of the users read', async () => {
    const resources = await compose(['mongo-replica-set', 'cert-manager-mongo']);
    for (const [kind, name] of [
      ['StatefulSet', 'auth-mongo'],
      ['Job', 'auth-mongo-users'],
      ['CronJob', 'auth-mongo-users'],
    ] as const) {
      const tls = podOf(find(resources, kind, name))?.volumes?.find((volume) => volume['name'] === 'tls');
      assert.deepEqual(
        (tls?.['secret'] as { items?: unknown } | undefined)?.items,
        [
          { key: 'ca.crt', path: 'ca.crt' },
          { key: 'tls-combined.pem', path: 'server.pem' },
        ],
        kind,
      );
    }
    const certificate = spec(resources, 'Certificate', 'auth-mongo-tls');
    assert.deepEqual(certificate['additionalOutputFormats'], [{ type: 'CombinedPEM' }]);
    const members = certificate['dnsNames'] as string[];
    const common = await readFile(path.join(project, 'infra/operate/common.sh'), 'utf8');
    for (const name of members) assert.ok(common.includes(`DNS:${name}`), name);
  });

  it('keep members on different nodes by rule where that is chosen', async () => {
    const resources = await compose(['mongo-replica-set', 'one-member-a-node']);
    const { affinity } = (podOf(find(resources, 'StatefulSet', 'auth-mongo')) ?? {}) as {
      affinity?: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: unknown } };
    };
    assert.deepEqual(affinity?.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution, [
      { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'auth-mongo' } } },
    ]);
  });

  it('take the patches of infra/README.md', async () => {
    const text = await readFile(path.join(project, 'infra/README.md'), 'utf8');
    const blocks = [...text.matchAll(/^```yaml\n([^]*?)\n```$/gm)].map(
      ([, yaml = '']) => parseYaml(yaml) as unknown,
    );
    const patches = blocks.flatMap((block) =>
      Array.isArray(block) ? (block as unknown[]) : ((block as { patches?: unknown[] }).patches ?? []),
    );
    assert.equal(patches.length, 4);
    const policies = ['network-policies', 'network-policies-mongo'];
    const parts = ['mongo-replica-set', ...policies, 'service-monitor', 'settings', 'backup'];
    const resources = await compose(parts, {}, patches);
    for (const [kind, name] of [
      ['ServiceMonitor', 'auth-metrics'],
      ['PrometheusRule', 'auth'],
    ] as const)
      assert.equal(find(resources, kind, name).metadata.labels?.['release'], 'kube-prometheus-stack');
    assert.equal(spec(resources, 'CronJob', 'auth-mongo-restore-test')['suspend'], undefined);
    assert.deepEqual(spec(resources, 'NetworkPolicy', 'auth')['egress'], [
      { to: [{ ipBlock: { cidr: '203.0.113.0/24' } }], ports: [{ port: 465 }, { port: 587 }] },
    ]);
  });

  it('are named in the order of the table in infra/README.md, which has all of them', async () => {
    const text = await readFile(path.join(project, 'infra/README.md'), 'utf8');
    const table = /^\| component [^]*?\n\n/m.exec(text)?.[0] ?? '';
    const order = [...table.matchAll(/^\| `([\w-]+)`/gm)].map(([, name = '']) => name);
    const development = ['inbox', 'key-encryption-key', 'mongo'];
    const present = await readdir(path.join(project, 'infra/components'));
    assert.deepEqual([...order, ...development].sort(), present.sort());
    for (const at of kustomizations.filter((one) => one !== 'k8s')) {
      const { components } = parseYaml(
        await readFile(path.join(project, 'infra', at, 'kustomization.yaml'), 'utf8'),
      ) as { components: string[] };
      const named = components.map((one) => path.basename(one));
      assert.deepEqual(
        named,
        order.filter((one) => named.includes(one)),
        at,
      );
    }
  });

  it('run without mail where that is chosen, the Jobs too', async () => {
    const parts = ['mongo-replica-set', 'no-mail', 'settings', 'backup', 'commands'];
    const resources = await compose(parts);
    for (const [kind, name] of [
      ['Deployment', 'auth-depl'],
      ['CronJob', 'auth-create-admin'],
      ['CronJob', 'auth-mongo-restore'],
    ] as const) {
      const [container] = podOf(find(resources, kind, name))?.containers ?? [];
      assert.equal(container && env(container, 'MAIL'), 'off', name);
    }
  });

  it('S53: let in the pods of this namespace that say they call the service, and no others', async () => {
    const resources = await compose(['callers']);
    const callers = spec(resources, 'NetworkPolicy', 'auth-callers');
    assert.deepEqual(callers, {
      podSelector: { matchLabels: { app: 'auth' } },
      policyTypes: ['Ingress'],
      ingress: [
        {
          from: [{ podSelector: { matchLabels: { 'ticketing.dev/calls-auth': 'true' } } }],
          ports: [{ port: 3000 }],
        },
      ],
    });
    assert.deepEqual(spec(resources, 'NetworkPolicy', 'auth-callers-out')['podSelector'], {
      matchLabels: { 'ticketing.dev/calls-auth': 'true' },
    });
  });
});

describe('what a reviewer asks of every rendering', () => {
  const long = (resources: Resource[]): Resource[] =>
    resources.filter(({ kind }) => ['Deployment', 'StatefulSet'].includes(kind));

  it('has the common labels, but no selector by them, because selectors are immutable', () => {
    for (const [at, resource] of all()) {
      const where = `${at}: ${resource.kind}/${resource.metadata.name}`;
      assert.equal(resource.metadata.labels?.['app.kubernetes.io/part-of'], 'ticketing', where);
      if (podOf(resource)) assert.ok(resource.metadata.labels['app.kubernetes.io/name'], where);
      assert.ok(!JSON.stringify(resource.spec?.['selector'] ?? {}).includes('app.kubernetes.io'), where);
      // A claim's template is immutable too.
      const { volumeClaimTemplates = {} } = resource.spec ?? {};
      assert.ok(!JSON.stringify(volumeClaimTemplates).includes('app.kubernetes.io'), where);
    }
  });

  it('runs the service and the members as service accounts of their own, which may do nothing', () => {
    for (const at of kustomizations) {
      const named = pods(rendered[at]).filter(([name]) => /auth-depl|StatefulSet/.test(name));
      for (const [name, pod] of named) {
        assert.equal(
          pod.serviceAccountName,
          name.includes('mongo') ? 'auth-mongo' : 'auth',
          `${at}: ${name}`,
        );
        find(rendered[at], 'ServiceAccount', pod.serviceAccountName ?? '');
      }
      const bound = rendered[at].filter(({ kind }) => kind === 'RoleBinding');
      for (const { subjects } of bound as (Resource & { subjects: { name: string }[] })[])
        assert.deepEqual(
          subjects.map(({ name }) => name),
          ['auth-keys'],
          at,
        );
    }
  });

  it('bounds what a pod that stays may write', () => {
    for (const at of kustomizations) {
      for (const resource of long(rendered[at])) {
        for (const { resources } of podOf(resource)?.containers ?? []) {
          const where = `${at}: ${resource.metadata.name}`;
          assert.ok(resources?.requests?.['ephemeral-storage'], where);
          assert.ok(resources.limits?.['ephemeral-storage'], where);
        }
      }
    }
  });

  it('bounds the connections to a member of MongoDB', () => {
    const { maxReplicas } = find(rendered['overlays/production'], 'HorizontalPodAutoscaler', 'auth-hpa')
      .spec as { maxReplicas: number };
    const uri = env(auth('overlays/production').container, 'MONGO_URI') ?? '';
    const pool = Number(/[?&]maxPoolSize=(\d+)/.exec(uri)?.[1]);
    const member = podOf(find(rendered['overlays/production'], 'StatefulSet', 'auth-mongo'))?.containers[0];
    // 1 MiB for each connection, beside the cache of 512 MiB.
    assert.ok(maxReplicas * pool + 512 < mebibytes(member?.resources?.limits?.['memory']));
  });

  it('restores without the administrator of the database', () => {
    for (const name of ['auth-mongo-restore', 'auth-mongo-restore-test', 'auth-mongo-backup']) {
      const job = JSON.stringify(find(rendered['overlays/production'], 'CronJob', name));
      assert.ok(!job.includes('auth-mongo-root'), name);
    }
  });

  it('mounts no password in the members', () => {
    const pod = podOf(find(rendered['overlays/production'], 'StatefulSet', 'auth-mongo'));
    assert.ok(!/auth-mongo-(root|app|backup|restore)/.test(JSON.stringify(pod)));
  });

  it('keeps idle connections longer than Envoy, where there is a Gateway', () => {
    const { container } = auth('overlays/production-gateway');
    assert.ok(Number(env(container, 'KEEP_ALIVE_SECONDS')) > 3600);
  });

  it('resolves names through NodeLocal DNSCache too', () => {
    const dns = JSON.stringify(find(rendered['overlays/production'], 'NetworkPolicy', 'dns').spec);
    assert.ok(dns.includes('169.254.20.10/32'));
  });

  it('has a list of what is in the image', async () => {
    const dockerfile = await readFile(path.join(project, 'auth/Dockerfile'), 'utf8');
    assert.match(dockerfile, /npm sbom --package-lock-only --omit=dev --sbom-format=cyclonedx/);
  });
});

describe('the metrics', () => {
  interface Rule {
    alert: string;
    expr: string;
    labels: { severity: string };
  }
  let resources: Resource[];
  let groups: { rules: Rule[] }[];

  before(async () => {
    const parts = ['network-policies', 'service-monitor', 'settings'];
    resources = await compose(parts, { prometheusNamespace: 'observability' });
    groups = find(resources, 'PrometheusRule', 'auth').spec?.['groups'] as typeof groups;
  });

  it('S58: are read from the health port, which no Service has that an Ingress or a route names', () => {
    const spec = (kind: string, name: string): Record<string, unknown> =>
      find(resources, kind, name).spec ?? {};
    const service = spec('Service', 'auth-metrics');
    assert.equal(service['clusterIP'], 'None');
    assert.deepEqual(service['ports'], [{ name: 'health', port: 3001, targetPort: 'health' }]);
    const monitor = spec('ServiceMonitor', 'auth-metrics');
    const [endpoint] = monitor['endpoints'] as { port: string; path: string }[];
    assert.deepEqual([endpoint?.port, endpoint?.path], ['health', '/metrics']);
    const monitored = resources.filter(
      ({ kind, metadata }) => kind === 'Service' && metadata.labels?.['app'] === 'auth-metrics',
    );
    assert.deepEqual(monitor['selector'], { matchLabels: { app: 'auth-metrics' } });
    assert.deepEqual(
      monitored.map(({ metadata }) => metadata.name),
      ['auth-metrics'],
    );
    assert.deepEqual(spec('Service', 'auth-srv')['ports'], [
      { name: 'http', port: 3000, targetPort: 'http' },
    ]);
    for (const [at, { kind, metadata }] of all()) {
      assert.notEqual(metadata.name, 'auth-metrics', at);
      assert.notEqual(kind, 'ServiceMonitor', at);
    }
  });

  it('S53: let Prometheus alone in, from the namespace of the settings, to the health port', () => {
    assert.deepEqual(find(resources, 'NetworkPolicy', 'auth-metrics').spec, {
      podSelector: { matchLabels: { app: 'auth' } },
      policyTypes: ['Ingress'],
      ingress: [
        {
          from: [
            {
              namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'observability' } },
              podSelector: { matchLabels: { 'app.kubernetes.io/name': 'prometheus' } },
            },
          ],
          ports: [{ port: 3001 }],
        },
      ],
    });
  });

  it('have the alarms that auth/docs/metrics.md lists', async () => {
    const { severities, alarmsOfMetrics } = await readMetricsPage();
    const rules = groups.flatMap((group) => group.rules);
    assert.deepEqual(new Map(rules.map(({ alert, labels: { severity } }) => [alert, severity])), severities);
    // Whether Prometheus reaches the service, and whether Jobs fail, are no metrics of the service.
    const others = [...severities.keys()].filter((alarm) => !alarmsOfMetrics.includes(alarm));
    assert.deepEqual(others, ['AuthDown', 'AuthJobFailed']);
  });

  it('have alarms that ask for metrics and labels which the service exports', async () => {
    const { series } = await readMetricsPage();
    const foreign: Record<string, string[]> = { up: [], kube_job_failed: ['condition', 'job_name'] };
    for (const { alert, expr } of groups.flatMap((group) => group.rules)) {
      const selectors = await selectorsIn(expr);
      assert.ok(selectors.length > 0, alert);
      for (const { metric, labels } of selectors) {
        const known = series.get(metric) ?? foreign[metric];
        assert.ok(known, `${alert}: ${metric}`);
        for (const label of labels) assert.ok([...known, 'job'].includes(label), `${alert}: ${label}`);
      }
    }
    await assert.rejects(selectorsIn('sum(rate(auth_ready[5m])'), /malformed/);
  });

  it('have alarms that promtool accepts', async (test) => {
    const hasPromtool = await run('promtool', ['--version']).then(
      () => true,
      () => false,
    );
    if (!hasPromtool) {
      test.skip('there is no promtool');
      return;
    }
    const folder = await mkdtemp(path.join(os.tmpdir(), 'ticketing-'));
    await writeFile(path.join(folder, 'rules.yaml'), JSON.stringify({ groups }));
    await run('promtool', ['check', 'rules', path.join(folder, 'rules.yaml')]);
    await rm(folder, { recursive: true });
  });
});

describe('the project', () => {
  it('has no secret in git', async () => {
    for (const [at, resource] of all().filter(([, { kind }]) => kind === 'Secret')) {
      assert.equal(resource.data ?? resource.stringData, undefined, `${at}: ${resource.metadata.name}`);
    }
    const files = (await run('git', ['ls-files', '-z'], { cwd: project })).split('\0').filter(Boolean);
    assert.ok(files.length > 0);
    for (const file of files) {
      assert.doesNotMatch(file, /\.(pem|key|crt|p12|pfx)$|(^|\/)\.env(?!\.example$)/);
      const text = await readFile(path.join(project, file), 'utf8').catch(() => '');
      assert.doesNotMatch(text, /-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/=]{16}/, file);
      // Unit tests contain invented credentials.
      if (file.includes('__test__')) continue;
      assert.doesNotMatch(text, /mongodb(\+srv)?:\/\/[^\s:/@]+:[^\s$@<{]+@/, file);
    }
  });

  it('has a skaffold profile for each overlay, and no image of development under the name of production', async () => {
    const { build, manifests, portForward, profiles } = await skaffoldConfig();
    const [artifact] = build.artifacts;
    assert.equal(artifact?.image, 'ticketing/auth-dev');
    assert.equal(artifact.docker.target, 'dev');
    assert.deepEqual(artifact.sync, {
      manual: [
        { src: 'src/**/*.ts', dest: '.' },
        { src: 'pages/**/*', dest: '.' },
      ],
    });
    assert.deepEqual(manifests.kustomize.paths, ['infra/k8s']);
    assert.deepEqual(
      profiles.map((profile) => profile.manifests.kustomize.paths),
      kustomizations.filter((at) => at !== 'k8s').map((at) => [`infra/${at}`]),
    );
    for (const profile of profiles) {
      const [production] = profile.build.artifacts;
      assert.equal(production?.image, 'ticketing/auth');
      assert.equal(production.docker.target, 'production');
      assert.deepEqual(Object.keys(production.docker.buildArgs ?? {}), ['VERSION', 'REVISION']);
    }
    for (const [at, resource] of all()) {
      const pod = podOf(resource);
      for (const { image } of pod ? containersOf(pod) : [])
        assert.equal(
          image.startsWith('ticketing/auth-dev'),
          at === 'k8s' && image.startsWith('ticketing/'),
          at,
        );
    }
    for (const { resourceName, port, localPort } of portForward) {
      const { ports } = find(rendered.k8s, 'Service', resourceName).spec as { ports: { port: number }[] };
      assert.ok(
        ports.some((one) => one.port === port),
        resourceName,
      );
      assert.equal(localPort, port);
    }
    const stages = [
      ...(await readFile(path.join(project, 'auth/Dockerfile'), 'utf8')).matchAll(/^FROM .* AS (\S+)$/gm),
    ];
    const names = stages.map(([, name]) => name);
    assert.ok(names.includes('dev'));
    assert.equal(names.at(-1), 'production', 'a build without a target uses the last stage');
  });
});
