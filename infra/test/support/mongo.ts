import type { Namespace } from './cluster';

const localTls = ['--host', 'localhost', '--tls', '--tlsCAFile', '/etc/mongo-tls/ca.crt'];
const asRoot = `db.getSiblingDB('admin').auth('root', fs.readFileSync('/etc/mongo/root-password', 'utf8'));`;

/** Runs a script in mongosh beside a member; answers what it prints. The production set's members speak TLS. */
export function mongosh(
  namespace: Namespace,
  pod: string,
  script: string,
  { tls = false, root = false, timeoutMs = 60_000 } = {},
): Promise<string> {
  const command = ['mongosh', '--quiet', '--norc', ...(tls ? localTls : []), '--file', '/dev/stdin'];
  const input = `const fs = require('fs');\n${root ? asRoot : ''}\n${script}\n`;
  return namespace.exec(pod, command, { input, timeoutMs });
}

/** Kills mongod as the kernel would, without a word; needs the pod's processes in one namespace, where it isn't the first. */
export async function killMongod(namespace: Namespace, pod: string): Promise<void> {
  const script =
    'for p in /proc/[0-9]*; do if [ "$(cat $p/comm 2>/dev/null)" = mongod ]; then kill -9 ${p#/proc/}; exit 0; fi; done; exit 1';
  await namespace.exec(pod, ['sh', '-c', script]);
}
