import type { Namespace } from './cluster';

const localTls = ['--host', 'localhost', '--tls', '--tlsCAFile', '/etc/mongo-tls/ca.crt'];
// The members' own certificate may do everything.
const asMember = [
  '--tlsCertificateKeyFile',
  '/etc/mongo-tls/server.pem',
  '--authenticationMechanism',
  'MONGODB-X509',
  '--authenticationDatabase',
  '$external',
];

/** Runs a script in mongosh in the pod of a member. Returns its output. Production members need `tls`. */
export function mongosh(
  namespace: Namespace,
  pod: string,
  script: string,
  { tls = false, root = false, timeoutMs = 60_000 } = {},
): Promise<string> {
  const options = [...(tls ? localTls : []), ...(root ? asMember : [])];
  const command = ['mongosh', '--quiet', '--norc', ...options, '--file', '/dev/stdin'];
  const input = `${script}\n`;
  return namespace.exec(pod, command, { input, timeoutMs });
}

/** Kills mongod with SIGKILL. The pod must share its process namespace, because SIGKILL has no effect on process 1. */
export async function killMongod(namespace: Namespace, pod: string): Promise<void> {
  const script =
    'for p in /proc/[0-9]*; do if [ "$(cat $p/comm 2>/dev/null)" = mongod ]; then kill -9 ${p#/proc/}; exit 0; fi; done; exit 1';
  await namespace.exec(pod, ['sh', '-c', script]);
}
