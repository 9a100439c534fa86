import path from 'node:path';
import { run } from './run';

// Kinds that are not Kubernetes's own, and where their definitions are: in Go modules, which have versions and checksums.
const definitions: Record<string, [module: string, file: string]> = {
  'httproutes.gateway.networking.k8s.io': [
    'sigs.k8s.io/gateway-api@v1.4.0',
    'config/crd/standard/gateway.networking.k8s.io_httproutes.yaml',
  ],
  'certificates.cert-manager.io': [
    'github.com/cert-manager/cert-manager@v1.19.1',
    'deploy/crds/cert-manager.io_certificates.yaml',
  ],
  'issuers.cert-manager.io': [
    'github.com/cert-manager/cert-manager@v1.19.1',
    'deploy/crds/cert-manager.io_issuers.yaml',
  ],
};

/**
 * Lets the cluster know these kinds, if it does not yet. Needs Go. Returns what is missing, and deletes what it defined with
 * `undo`.
 */
export async function defineKinds(): Promise<{ missing: string[]; undo: () => Promise<void> }> {
  const known = (await run('kubectl', ['get', 'crds', '-o', 'name'])).split('\n');
  const defined: string[] = [];
  const missing: string[] = [];
  for (const [name, [module, file]] of Object.entries(definitions)) {
    if (known.includes(`customresourcedefinition.apiextensions.k8s.io/${name}`)) continue;
    try {
      const downloaded = await run('go', ['mod', 'download', '-json', module], { timeoutMs: 180_000 });
      const { Dir } = JSON.parse(downloaded) as { Dir: string };
      await run('kubectl', ['apply', '--server-side', '-f', path.join(Dir, file)]);
      defined.push(name);
      await run('kubectl', ['wait', '--for=condition=Established', `crd/${name}`, '--timeout=30s']);
    } catch {
      missing.push(name);
    }
  }
  const undo = async (): Promise<void> => {
    if (defined.length > 0) await run('kubectl', ['delete', 'crd', ...defined, '--timeout=50s']);
  };
  return { missing, undo };
}
