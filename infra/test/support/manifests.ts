import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseAllDocuments } from 'yaml';
import { run } from './run';

export const project = path.resolve(__dirname, '../../..');

/** The parts of a Kubernetes object that the tests read. */
export interface Resource {
  apiVersion: string;
  kind: string;
  metadata: { name: string; labels?: Record<string, string>; annotations?: Record<string, string> };
  spec?: Record<string, unknown>;
  data?: Record<string, string>;
  stringData?: Record<string, string>;
}

export interface EnvVar {
  name: string;
  value?: string;
  valueFrom?: { secretKeyRef?: { name: string; key: string; optional?: boolean } };
}

export interface Probe {
  httpGet?: { path: string; port: string | number };
  exec?: { command: string[] };
  tcpSocket?: { port: string | number };
  periodSeconds?: number;
  failureThreshold?: number;
}

export interface Container {
  name: string;
  image: string;
  command?: string[];
  env?: EnvVar[];
  ports?: { name: string; containerPort: number }[];
  volumeMounts?: { name: string; mountPath: string }[];
  resources?: { requests?: Record<string, string>; limits?: Record<string, string> };
  startupProbe?: Probe;
  livenessProbe?: Probe;
  readinessProbe?: Probe;
  lifecycle?: { preStop?: { sleep?: { seconds: number } } };
  securityContext?: Record<string, unknown> & { capabilities?: { drop?: string[] } };
}

export interface PodSpec {
  containers: Container[];
  initContainers?: Container[];
  volumes?: Record<string, unknown>[];
  serviceAccountName?: string;
  automountServiceAccountToken?: boolean;
  terminationGracePeriodSeconds?: number;
  shareProcessNamespace?: boolean;
  securityContext?: {
    runAsNonRoot?: boolean;
    runAsUser?: number;
    seccompProfile?: { type: string };
    sysctls?: { name: string; value: string }[];
  };
}

export const kustomizations = [
  'k8s',
  'overlays/production',
  'overlays/production-gateway',
  'overlays/external',
] as const;
export type Kustomization = (typeof kustomizations)[number];

/** The resources of a kustomization in infra/. */
export async function render(kustomization: Kustomization, root = project): Promise<Resource[]> {
  return parse(await run('kubectl', ['kustomize', path.join(root, 'infra', kustomization)]));
}

/**
 * The resources of an overlay of somebody's own: these components of infra/components, with the settings of production but
 * for those given, and patches.
 */
export async function compose(
  components: string[],
  settings: Record<string, string> = {},
  patches: unknown[] = [],
): Promise<Resource[]> {
  const folder = await mkdtemp(path.join(await realpath(os.tmpdir()), 'ticketing-'));
  try {
    const source = await readFile(path.join(project, 'infra/overlays/production/settings.yaml'), 'utf8');
    const config = parse(source)[0] as Resource & { data: Record<string, string> };
    Object.assign(config.data, settings);
    await writeFile(path.join(folder, 'settings.yaml'), JSON.stringify(config));
    const from = (at: string): string => path.relative(folder, path.join(project, 'infra', at));
    const kustomization = {
      resources: [from('base'), 'settings.yaml'],
      components: components.map((name) => from(`components/${name}`)),
      patches,
    };
    await writeFile(path.join(folder, 'kustomization.yaml'), JSON.stringify(kustomization));
    return parse(await run('kubectl', ['kustomize', folder]));
  } finally {
    await rm(folder, { recursive: true });
  }
}

export const parse = (yaml: string): Resource[] =>
  parseAllDocuments(yaml).flatMap((document) => {
    if (document.errors.length > 0) throw new Error(document.errors.join('\n'));
    const resource = document.toJS() as Resource | null;
    return resource ? [resource] : [];
  });

/** The resource of that kind and name. */
export function find(resources: Resource[], kind: string, name: string): Resource {
  const found = resources.find((resource) => resource.kind === kind && resource.metadata.name === name);
  if (!found) throw new Error(`no ${kind} ${name}`);
  return found;
}

/** The pod that a resource creates, or undefined. */
export function podOf({ kind, spec }: Resource): PodSpec | undefined {
  interface Template {
    template: { spec: PodSpec };
  }
  if (['Deployment', 'StatefulSet', 'Job'].includes(kind)) return (spec as unknown as Template).template.spec;
  if (kind === 'CronJob')
    return (spec as unknown as { jobTemplate: { spec: Template } }).jobTemplate.spec.template.spec;
  return undefined;
}

export const containersOf = (pod: PodSpec): Container[] => [...(pod.initContainers ?? []), ...pod.containers];
