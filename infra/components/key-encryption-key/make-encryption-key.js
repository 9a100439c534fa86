// Writes a new key-encryption key to the Secret `auth-keys`. Keeps an existing one: the stored signing keys need it.
const { randomBytes } = require('node:crypto');
const { readFileSync } = require('node:fs');

const read = (name) => readFileSync(`/var/run/kube-api/${name}`, 'utf8').trim();
const url = `https://kubernetes.default.svc/api/v1/namespaces/${read('namespace')}/secrets/auth-keys`;

async function ask(method, patch) {
  const response = await fetch(url, {
    method,
    headers: { authorization: `Bearer ${read('token')}`, 'content-type': 'application/merge-patch+json' },
    body: patch && JSON.stringify(patch),
    signal: AbortSignal.timeout(10_000),
  });
  if (!response.ok) throw new Error(`${method} of the Secret auth-keys: ${response.status}`);
  return response.json();
}

async function main() {
  const { data, metadata } = await ask('GET');
  if (data?.KEY_ENCRYPTION_KEY) return console.log('The key-encryption key exists already');
  // With resourceVersion the API server refuses the second of two concurrent writes.
  const { resourceVersion } = metadata;
  const stringData = { KEY_ENCRYPTION_KEY: randomBytes(32).toString('base64') };
  await ask('PATCH', { metadata: { resourceVersion }, stringData });
  console.log('Created a key-encryption key');
}

main().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
