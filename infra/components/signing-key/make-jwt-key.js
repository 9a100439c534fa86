// Writes a new EC P-256 key to the Secret `auth-jwt`. Keeps an existing key, so that sessions survive a deployment.
const { generateKeyPairSync } = require('node:crypto');
const { readFileSync } = require('node:fs');

const read = (name) => readFileSync(`/var/run/kube-api/${name}`, 'utf8').trim();
const url = `https://kubernetes.default.svc/api/v1/namespaces/${read('namespace')}/secrets/auth-jwt`;

async function ask(method, patch) {
  const response = await fetch(url, {
    method,
    headers: { authorization: `Bearer ${read('token')}`, 'content-type': 'application/merge-patch+json' },
    body: patch && JSON.stringify(patch),
    signal: AbortSignal.timeout(10_000),
  });
  if (!response.ok) throw new Error(`${method} of the Secret auth-jwt: ${response.status}`);
  return response.json();
}

async function main() {
  const { data, metadata } = await ask('GET');
  if (data?.JWT_PRIVATE_KEY) return console.log('The signing key exists already');
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
  // With resourceVersion the API server refuses the second of two concurrent writes.
  const { resourceVersion } = metadata;
  await ask('PATCH', { metadata: { resourceVersion }, stringData: { JWT_PRIVATE_KEY: pem } });
  console.log('Created a signing key');
}

main().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
