import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { rootCertificates } from 'node:tls';
import { freshDatabase } from '../../test/database';
import { migrate } from '../collections';
import { faultOfMongoUri } from '../mongo-uri';
import { withDatabase } from '../connect-database';
import { transactions } from '../database';

const folder = mkdtempSync(path.join(os.tmpdir(), 'mongo-uri-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});
const file = (name: string, content: string): string => {
  const full = path.join(folder, name);
  writeFileSync(full, content);
  return encodeURIComponent(full);
};
const withQuery = (query: string): string => `mongodb://hidden.example/auth?${query}`;

describe('F31 a MongoDB URI', () => {
  it.each([
    ['a password that is not percent-encoded', 'mongodb://u:hush%ss@hidden.example/auth'],
    ['a password with an @', 'mongodb://u:p@hush@hidden.example/auth'],
    ['a password with a slash', 'mongodb://u:p/hush@hidden.example/auth'],
    ['a password with a number sign', 'mongodb://u:p#hush@hidden.example/auth'],
    ['a password without a user', 'mongodb://:hush@hidden.example/auth'],
    ['a port that no host has', 'mongodb://hidden.example:99999/auth'],
    ['port 0', 'mongodb://hidden.example:0/auth'],
    ['a port that is no number', 'mongodb://hidden.example:many/auth'],
    ['an open bracket', 'mongodb://[::1/auth'],
    ['no host', 'mongodb:///auth'],
    ['an empty host', 'mongodb://hidden.example,/auth'],
    ['a socket that is not percent-encoded', 'mongodb:///tmp/mongodb.sock/auth'],
    ['a fragment', 'mongodb://hidden.example/auth#hush'],
    ['a port in a name of a service', 'mongodb+srv://hidden.example.com:27017/auth'],
    ['two names of a service', 'mongodb+srv://hidden.example.com,other.example.com/auth'],
    ['a database with a dot', 'mongodb://hidden.example/a.b'],
    ['a database with a space', 'mongodb://hidden.example/a%20b'],
    ['a database with a slash', 'mongodb://hidden.example/a%2Fb'],
    ['a database with NUL', 'mongodb://hidden.example/a%00b'],
    ['a long name of a database', `mongodb://hidden.example/${'a'.repeat(64)}`],
    ['a database of MongoDB itself', 'mongodb://hidden.example/local'],
  ])('is refused with %s', (_what, uri) => {
    const fault = faultOfMongoUri(uri);
    expect(fault).toMatch(/^can’t be used: /);
    expect(fault).not.toMatch(/hidden|hush|%ss/);
  });

  it.each([
    '',
    'postgres://hidden.example/auth',
    'mongodb://hidden.example',
    'mongodb://hidden.example/?w=0',
  ])('is refused where it names no database: %j', (uri) => {
    expect(faultOfMongoUri(uri)).toMatch(/^must be a MongoDB URI that names a database/);
  });

  it.each([
    ['newOption', 'newOption=1'],
    ['timeoutMS', 'timeoutMS=100'],
    ['raw', 'raw=true'],
    ['promoteValues', 'promoteValues=false'],
    ['proxyHost', 'proxyHost=hidden.example'],
    ['w', 'w=0'],
    ['w', 'w=1'],
    ['W', 'W=2'],
    ['w', 'w=majority&w=majority'],
    ['w', 'w='],
    ['journal', 'w=majority&journal=false'],
    ['readConcernLevel', 'readConcernLevel=available'],
    ['readConcernLevel', 'readConcernLevel=hidden'],
    ['readPreference', 'readPreference=secondary'],
    ['readPreference', 'readPreference=primaryPreferred'],
    ['readPreferenceTags', 'readPreferenceTags=dc:hidden'],
    ['maxStalenessSeconds', 'maxStalenessSeconds=120'],
    ['retryWrites', 'retryWrites=maybe'],
    ['loadBalanced', 'loadBalanced=true'],
    ['maxPoolSize', 'maxPoolSize=-1'],
    ['minPoolSize', 'maxPoolSize=2&minPoolSize=3'],
    ['compressors', 'compressors=zstd'],
    ['authMechanism', 'authMechanism=MONGODB-AWS'],
    ['authMechanism', 'authMechanism=hidden'],
    ['replicaSet', 'replicaSet='],
    ['tls', 'tls=hidden'],
    ['ssl', 'ssl=true&tls=false'],
    ['tlsCAFile', 'tls=true&tlsCAFile=/hidden'],
    ['tlsCAFile', `tls=true&tlsCAFile=${file('hidden.pem', 'nothing')}`],
    ['tlsCertificateKeyFile', 'tls=true&tlsCertificateKeyFile=/hidden'],
    ['tlsCertificateKeyFile', `tls=true&tlsCertificateKeyFile=${file('hidden-key.pem', 'nothing')}`],
    ['tlsCRLFile', 'tls=true&tlsCRLFile=/hidden'],
  ])('is refused with the name of its option %s: %s', (option, query) => {
    const fault = faultOfMongoUri(withQuery(query));
    expect(fault).toMatch(new RegExp(`^can’t be used: its options? .*\\b${option}\\b`));
    expect(fault).not.toContain('hidden');
  });

  it('is refused with two hosts for a direct connection', () => {
    expect(faultOfMongoUri('mongodb://a,b/auth?directConnection=true')).toContain('directConnection');
  });

  it('shows nothing of a password that looks like an option', () => {
    const fault = faultOfMongoUri('mongodb://user:se@cret/auth?hidden=password@example.com/auth');
    expect(fault).toMatch(/^can’t be used: /);
    expect(fault).not.toMatch(/hidden|cret|password@/);
    expect(faultOfMongoUri(withQuery('%zz=1'))).toContain('(not shown)');
  });

  it.each([
    'mongodb://a.example,b.example:27018/auth?replicaSet=rs0',
    'mongodb://[::1]:27017/auth',
    'mongodb://%2Ftmp%2Fmongodb-27017.sock/auth',
    'mongodb://us%40er:p%3A%2F%25@host/auth?authSource=admin&authMechanism=SCRAM-SHA-256',
    'mongodb+srv://user:pass@cluster.example.com/auth?retryWrites=true&w=majority&appName=Cluster0',
    'mongodb://host/auth?readPreference=primary&readConcernLevel=majority&journal=true&wtimeoutMS=1000',
    'mongodb://host/auth?maxPoolSize=0&retryWrites=false&retryReads=false&compressors=zlib',
    'mongodb://host/d%C3%A4ta-1?tls=true&tlsAllowInvalidHostnames=true',
  ])('can be used: %s', (uri) => {
    expect(faultOfMongoUri(uri)).toBeUndefined();
  });

  it('can be used with a file of certificates that can be read', () => {
    const ca = file('ca.pem', rootCertificates.slice(0, 2).join('\n'));
    expect(faultOfMongoUri(withQuery(`tls=true&tlsCAFile=${ca}`))).toBeUndefined();
  });

  it.each([
    'maxPoolSize=1',
    'maxPoolSize=0',
    'retryWrites=false&retryReads=false',
    'directConnection=true',
    'compressors=zlib&zlibCompressionLevel=9',
    'readConcernLevel=majority',
    'w=majority&journal=true&wtimeoutMS=5000',
    'minPoolSize=3&maxIdleTimeMS=1000&serverMonitoringMode=poll',
    'connectTimeoutMS=1&socketTimeoutMS=1&serverSelectionTimeoutMS=1',
  ])('works with %s', async (query) => {
    const uri = `${freshDatabase().replace(/[?].*/, '')}?${query}`;
    expect(faultOfMongoUri(uri)).toBeUndefined();
    await withDatabase(uri, async (connection) => {
      await migrate(connection, { listener: { info: () => undefined, warn: () => undefined } });
      const written = await transactions(connection)(async (session) => {
        await connection.collection('meta').insertOne({ written: true }, { session });
        return connection.collection('meta').findOne({ written: true }, { session });
      });
      expect(written).toMatchObject({ written: true });
      await connection.dropDatabase();
    });
  });
});
