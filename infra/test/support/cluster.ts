import { mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { run, say, until, type RunOptions } from './run';
import { project, type Resource } from './manifests';

/** A namespace of the current kubectl context that enforces the Pod Security standard `restricted`. */
export class Namespace {
  private constructor(readonly name: string) {}

  /** Creates the namespace. Deletes it first if an interrupted run has left it. */
  static async create(name: string): Promise<Namespace> {
    await run('kubectl', ['delete', 'namespace', name, '--ignore-not-found', '--timeout=150s'], {
      timeoutMs: 160_000,
    });
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
    await run('kubectl', ['create', '-f', '-'], { input: JSON.stringify(namespace) });
    return new Namespace(name);
  }

  kubectl(args: string[], options: RunOptions = {}): Promise<string> {
    return run('kubectl', ['-n', this.name, ...args], options);
  }

  async apply(resources: Resource[], ...flags: string[]): Promise<string> {
    const list = { apiVersion: 'v1', kind: 'List', items: resources };
    return this.kubectl(['apply', '-f', '-', ...flags], { input: JSON.stringify(list) });
  }

  async get<T>(...args: string[]): Promise<T> {
    return JSON.parse(await this.kubectl(['get', ...args, '-o', 'json'])) as T;
  }

  async pods(label: string): Promise<Pod[]> {
    return (await this.get<{ items: Pod[] }>('pods', '-l', label)).items;
  }

  async rollout(resource: string, timeoutSeconds = 240): Promise<void> {
    const timeoutMs = (timeoutSeconds + 10) * 1000;
    await this.kubectl(['rollout', 'status', resource, `--timeout=${timeoutSeconds}s`], { timeoutMs });
  }

  exec(pod: string, command: string[], options: RunOptions = {}): Promise<string> {
    return this.kubectl(['exec', '-i', pod, '--', ...command], options);
  }

  /** Prints what helps to find why a test failed. */
  async describe(): Promise<void> {
    say(await this.kubectl(['get', 'pods,jobs,pvc', '-o', 'wide']));
    say(await this.kubectl(['get', 'events', '--field-selector', 'type=Warning']));
    say(await this.kubectl(['logs', '-l', 'app=auth', '--tail=15', '--prefix', '--all-containers']));
  }

  async delete(): Promise<void> {
    await run('kubectl', ['delete', 'namespace', this.name, '--timeout=150s'], { timeoutMs: 160_000 });
  }
}

/** Another version of the project, in a folder that the caller deletes. */
export async function checkOut(commit: string): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'ticketing-'));
  await run('git', ['clone', '--quiet', '--no-checkout', project, folder]);
  await run('git', ['checkout', '--quiet', commit], { cwd: folder });
  return folder;
}

export interface Pod {
  metadata: { name: string; uid: string; deletionTimestamp?: string };
  spec: { volumes?: { name: string; projected?: unknown }[] };
  status: {
    podIP?: string;
    conditions?: { type: string; status: string; lastTransitionTime: string }[];
    containerStatuses?: {
      ready: boolean;
      restartCount: number;
      state: { running?: { startedAt: string }; terminated?: { exitCode: number } };
    }[];
  };
}

export const isReady = ({ metadata, status }: Pod): boolean =>
  metadata.deletionTimestamp === undefined &&
  (status.conditions ?? []).some(({ type, status: is }) => type === 'Ready' && is === 'True');

/** Waits until exactly `count` pods have that label, all of them ready and none terminating. */
export function settled(namespace: Namespace, label: string, count = 1): Promise<Pod[]> {
  return until(
    `${count} ready of ${label}`,
    async () => {
      const pods = await namespace.pods(label);
      return pods.length === count && pods.every(isReady) && pods;
    },
    { timeoutMs: 180_000 },
  );
}

/** Runs make-secrets.sh for a namespace with these variables. Returns its output. */
export function makeSecrets(
  { name }: Namespace,
  env: Record<string, string> = {},
  script = path.join(project, 'infra/operate/make-secrets.sh'),
): Promise<string> {
  return run(script, [name], { env, timeoutMs: 120_000 });
}

/**
 * Builds the image for a skaffold profile. Returns the image name for the cluster.
 * If the cluster needs a registry, set skaffold's `default-repo`. On a kind cluster the image is loaded.
 */
export async function build(cwd: string, profile?: string): Promise<string> {
  const args = [
    'build',
    '--quiet',
    '--output',
    '{{json .}}',
    ...(profile === undefined ? [] : ['-p', profile]),
  ];
  const printed = await run('skaffold', args, { cwd, timeoutMs: 15 * 60_000 });
  const { builds } = JSON.parse(printed) as { builds: { tag: string }[] };
  const [built] = builds;
  if (!built) throw new Error('skaffold built no image');
  const context = (await run('kubectl', ['config', 'current-context'])).trim();
  if (context.startsWith('kind-') && !built.tag.includes('@')) {
    const load = ['load', 'docker-image', built.tag, '--name', context.slice('kind-'.length)];
    await run('kind', load, { timeoutMs: 5 * 60_000 });
  }
  return built.tag;
}
