// Prints the last day of every certificate: those that the MongoDB members serve, MongoDB's authorities, and the host's.
// Fails when one has fewer than MIN_DAYS days left, or cannot be read.
const { X509Certificate } = require('node:crypto');
const { existsSync, readFileSync } = require('node:fs');
const tls = require('node:tls');

const minDays = Number(process.env.MIN_DAYS);
let failed = false;

function report(name, validTo) {
  const days = Math.floor((Date.parse(validTo) - Date.now()) / 86_400_000);
  const enough = days >= minDays;
  failed ||= !enough;
  console.log(
    `${new Date(validTo).toISOString()}  ${days} days left  ${name}${enough ? '' : `  FEWER THAN ${minDays} DAYS`}`,
  );
}

function reportFile(name, file) {
  for (const [pem] of readFileSync(file, 'utf8').matchAll(/-----BEGIN CERT[^]*?-----END CERTIFICATE-----/g)) {
    report(name, new X509Certificate(pem).validTo);
  }
}

/** What a member serves may differ from what its Secret has. */
function served(host) {
  return new Promise((resolve, reject) => {
    // An expired certificate must be reported too.
    const socket = tls.connect({
      host,
      port: 27017,
      servername: host,
      rejectUnauthorized: false,
      timeout: 10_000,
    });
    socket.on('secureConnect', () => {
      resolve(socket.getPeerCertificate().valid_to);
      socket.destroy();
    });
    socket.on('timeout', () => socket.destroy(new Error('no answer')));
    socket.on('error', reject);
  });
}

async function main() {
  for (const n of [0, 1, 2]) {
    const member = `auth-mongo-${n}.auth-mongo-srv`;
    try {
      report(member, await served(member));
    } catch (error) {
      failed = true;
      console.log(`${member}: ${error.message}`);
    }
  }
  reportFile("MongoDB's authority", '/certificates/mongo/ca.crt');
  // Absent if another part of the cluster has the host's certificate.
  if (existsSync('/certificates/host/tls.crt')) reportFile('the host', '/certificates/host/tls.crt');
  process.exit(failed ? 1 : 0);
}

main();
