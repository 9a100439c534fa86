import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import { createSecureContext } from 'node:tls';
import ConnectionString from 'mongodb-connection-string-url';
import { mongo } from 'mongoose';

/**
 * What is wrong with a MongoDB URI, as the end of a sentence that begins with the name of its setting; undefined for one
 * that can be used. It has no part of the URI but the name of an option: the rest may be a password.
 */
export function faultOfMongoUri(text: string): string | undefined {
  if (!/^mongodb(\+srv)?:\/\//.test(text)) return notMongoDb;
  const uri = parse(text);
  if (!uri) return malformed;
  return faultOfAddress(uri) ?? faultOfDatabase(uri) ?? faultOfOptions(uri) ?? faultOfTlsFiles(text);
}

const notMongoDb = 'must be a MongoDB URI that names a database: mongodb://host:27017/auth';
const malformed =
  'can’t be used: check its hosts and ports, and that special characters in user and password are percent-encoded';
const unknownValue = 'has a value that it can’t have';

/** The driver's own parser. */
function parse(text: string): ConnectionString | undefined {
  try {
    return new ConnectionString(text);
  } catch {
    return undefined;
  }
}

function isUsable(uri: ConnectionString): boolean {
  try {
    new mongo.MongoClient(uri.href, { runtimeAdapters: { os } });
    return true;
  } catch {
    return false;
  }
}

function faultOfAddress(uri: ConnectionString): string | undefined {
  // A fragment is the rest of a password, or of a value, that is not percent-encoded.
  return uri.hosts.includes('') || uri.hash !== '' || !isUsable(withOptions(uri, () => false))
    ? malformed
    : undefined;
}

function faultOfDatabase({ pathname }: ConnectionString): string | undefined {
  const name = decodeURIComponent(pathname.slice(1));
  if (name === '') return notMongoDb;
  // Transactions can't write to the databases that belong to MongoDB itself.
  const isOurs = !['admin', 'local', 'config'].includes(name);
  if (isOurs && !/[\p{Cc}/\\. "$*<>:|?]/u.test(name) && Buffer.byteLength(name) <= 63) return undefined;
  return 'can’t be used: the name of its database must be another than admin, local and config, with at most 63 bytes and without spaces and / \\ . " $ * < > : | ?';
}

function faultOfOptions(uri: ConnectionString): string | undefined {
  const options = [...uri.searchParams];
  for (const [name, value] of options) {
    const fault = faultOfOption(name, value);
    if (fault !== undefined) return `can’t be used: its option ${shown(name, uri)} ${fault}`;
  }
  if (isUsable(uri) && !isPoolEmpty(uri)) return undefined;
  const alone = options.find(([name]) => !isUsable(withOptions(uri, (other) => other === name)));
  return alone
    ? `can’t be used: its option ${alone[0]} ${unknownValue}`
    : `can’t be used: its options contradict each other: ${options.map(([name]) => name).join(', ')}`;
}

/** An @ shows that the user or the password is not percent-encoded, and so ended too early: no name is an option's then. */
const shown = (name: string, uri: ConnectionString): string =>
  /^[a-z]{1,40}$/i.test(name) && !uri.search.includes('@') ? name : '(not shown)';

function withOptions(uri: ConnectionString, isKept: (name: string) => boolean): ConnectionString {
  const copy = uri.clone();
  for (const name of [...copy.searchParams.keys()]) if (!isKept(name)) copy.searchParams.delete(name);
  return copy;
}

/** The driver finds this out only when it connects. */
const isPoolEmpty = ({ searchParams }: ConnectionString): boolean => {
  const max = Number(searchParams.get('maxPoolSize') ?? 100);
  return max > 0 && Number(searchParams.get('minPoolSize') ?? 0) > max;
};

function faultOfOption(name: string, value: string): string | undefined {
  const key = name.toLowerCase();
  if (free.has(key)) return undefined;
  if (!Object.hasOwn(bound, key)) return 'is not one that the service takes';
  const [values, why] = bound[key] ?? [[]];
  const isOne = values.some((allowed) => allowed.toLowerCase() === value.toLowerCase());
  return isOne ? undefined : `must be ${values.join(' or ')}${why ? `: ${why}` : ''}`;
}

/** Options that must have one of these values, or be left out, and why. */
const bound: Readonly<Record<string, [values: string[], why?: string]>> = {
  w: [['majority'], 'others lose writes when another member becomes the primary'],
  j: [['true'], 'writes without it can be lost'],
  journal: [['true'], 'writes without it can be lost'],
  readpreference: [['primary'], 'transactions need the primary'],
  readconcernlevel: [['local', 'majority']],
  loadbalanced: [['false']],
  // The others need packages that the service does not have.
  authmechanism: [['DEFAULT', 'SCRAM-SHA-256', 'SCRAM-SHA-1', 'MONGODB-X509', 'PLAIN']],
  compressors: [['zlib', 'none']],
  zlibcompressionlevel: [['-1', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']],
};

/** Options whose value is the driver's to judge. The service's own time-outs win over those of the URI (decision 6). */
const free: ReadonlySet<string> = new Set(
  [
    'appName',
    'authMechanismProperties',
    'authSource',
    'connectTimeoutMS',
    'directConnection',
    'heartbeatFrequencyMS',
    'localThresholdMS',
    'maxConnecting',
    'maxIdleTimeMS',
    'maxPoolSize',
    'minPoolSize',
    'replicaSet',
    'retryReads',
    'retryWrites',
    'serverMonitoringMode',
    'serverSelectionTimeoutMS',
    'socketTimeoutMS',
    'srvMaxHosts',
    'srvServiceName',
    'ssl',
    'tls',
    'tlsAllowInvalidCertificates',
    'tlsAllowInvalidHostnames',
    'tlsCAFile',
    'tlsCertificateKeyFile',
    'tlsCertificateKeyFilePassword',
    'tlsCRLFile',
    'tlsInsecure',
    'waitQueueTimeoutMS',
    'wtimeout',
    'wtimeoutMS',
  ].map((name) => name.toLowerCase()),
);

/** The driver reads these files only when it connects. */
function faultOfTlsFiles(text: string): string | undefined {
  const { tlsCAFile, tlsCRLFile, tlsCertificateKeyFile, passphrase } = new mongo.MongoClient(text, {
    runtimeAdapters: { os },
  }).options;
  const isRead = (file: string | undefined, check: (content: Buffer) => unknown): boolean => {
    if (file === undefined) return true;
    try {
      check(readFileSync(file));
      return true;
    } catch {
      return false;
    }
  };
  const checks = {
    tlsCAFile: isRead(tlsCAFile, (ca) => new X509Certificate(ca)),
    tlsCRLFile: isRead(tlsCRLFile, (crl) => createSecureContext({ crl })),
    tlsCertificateKeyFile: isRead(tlsCertificateKeyFile, (pem) =>
      createSecureContext({ cert: pem, key: pem, passphrase }),
    ),
  };
  const unread = Object.entries(checks).find(([, isFine]) => !isFine);
  return unread && `can’t be used: its option ${unread[0]} must name a file in PEM that can be read`;
}
