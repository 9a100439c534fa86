import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { mongo } from 'mongoose';
import { schemaDocuments, schemaVersion } from '../models/schema/state';
import { connectTo } from '../test/database';
import { startPlainMongod, type PlainMongod } from '../test/plain-mongod';
import {
  freePort,
  runCommand,
  signup,
  statusOf,
  until,
  useProcesses,
  type RunningProcess,
} from '../test/process';
import { contentOf, makeVersion1 } from '../test/schema';
import { schemaVersion1 } from '../test/schema-version-1';

const { start, listening } = useProcesses();
const password = 'database-password';
let mongod: PlainMongod;
let root: mongo.MongoClient;

/** An address with the user `name`, whose account is in the database `admin`. */
const uriOf = (name: string, database: string): string =>
  `${mongod.uri(database).replace('://', `://${name}:${password}@`)}?authSource=admin&replicaSet=rs0`;

/** A replica set that asks for user and password, with one user who may do everything and one who has `readWrite`. */
beforeAll(async () => {
  mongod = await startPlainMongod(['--replSet', 'rs0']);
  const client = await connectTo(`${mongod.uri('admin')}?directConnection=true`);
  const admin = client.db();
  await admin.command({ replSetInitiate: {} });
  await until(async () => Boolean((await admin.command({ hello: 1 }))['isWritablePrimary']));
  await admin.command({ createUser: 'root', pwd: password, roles: ['root'] });
  const roles = ['readWriteAnyDatabase'];
  await admin.command({ createUser: 'service', pwd: password, roles });
  await client.close();
  const keyFile = path.join(mongod.folder, 'key');
  await writeFile(keyFile, randomBytes(96).toString('base64'), { mode: 0o600 });
  await mongod.restart(['--replSet', 'rs0', '--auth', '--keyFile', keyFile]);
  root = await connectTo(uriOf('root', 'admin'));
});

afterAll(async () => {
  await mongod.stop();
  await root.close(true);
});

function migrate(uri: string): RunningProcess {
  return runCommand(['migrate'], { MONGO_URI: uri });
}

describe('a database user who may read and write, and no more', () => {
  it('makes a new database with validators and indexes', async () => {
    const { url, output } = await listening({ MONGO_URI: uriOf('service', 'new') });
    expect((await signup(url, 'first@example.com')).status).toBe(201);
    const db = root.db('new');
    await expect(db.collection('users').insertOne({})).rejects.toMatchObject({ code: 121 });
    expect(await db.collection('users').indexExists('email_1')).toBe(true);
    expect(await schemaDocuments(db).findOne()).toMatchObject({ version: schemaVersion });
    expect(output()).not.toContain('"level":"warn","msg":"users');
  });

  it('starts with an older validator that admits what is written, until `migrate` brings it up to date', async () => {
    const db = root.db('older');
    await makeVersion1(db);
    // Version 1 itself refuses the kinds of mails and links that were added since, and addresses from elsewhere.
    for (const [name, fields] of [
      ['users', ['email', 'pendingEmail']],
      ['mails', ['kind']],
      ['actiontokens', ['purpose']],
    ] as const) {
      const { rules } = schemaVersion1[name];
      const wider = Object.fromEntries(fields.map((field) => [field, { bsonType: ['string', 'null'] }]));
      const properties = { ...rules.properties, ...wider };
      await db.command({ collMod: name, validator: { $jsonSchema: { ...rules, properties } } });
    }
    const service = await listening({ MONGO_URI: uriOf('service', 'older') });
    expect((await signup(service.url, 'first@example.com')).status).toBe(201);
    expect(service.output()).toMatch(/"level":"warn".*users: .*`node dist\/cli.js migrate`/);
    expect(await schemaDocuments(db).findOne()).not.toHaveProperty('version');

    const refused = migrate(uriOf('service', 'older'));
    expect(await refused.ended).toBe(1);
    const { ended, output } = migrate(uriOf('root', 'older'));
    expect(await ended).toBe(0);
    const changed = ['users', 'sessions', 'mails', 'actiontokens'].map(
      (name) => `${name}: changed the validator`,
    );
    expect(output().trim().split('\n')).toEqual([
      ...changed,
      `The database has schema version ${schemaVersion} now`,
    ]);

    const before = await contentOf(db);
    const again = migrate(uriOf('service', 'older'));
    expect(await again.ended).toBe(0);
    expect(again.output()).toBe('Nothing to change: the database has this version’s schema\n');
    expect(await contentOf(db)).toEqual(before);
  });

  it('is not ready where the validator refuses what is written, and names the command that mends it', async () => {
    const db = root.db('narrow');
    await db.createCollection('users', { validator: { $jsonSchema: { required: ['nickname'] } } });
    const healthPort = await freePort();
    const service = start({ MONGO_URI: uriOf('service', 'narrow'), HEALTH_PORT: String(healthPort) });
    const line = await service.line(/"msg":"users: .*`node dist\/cli.js migrate`/);
    expect(line).not.toMatch(/database-password|    at /);
    expect(await statusOf(`http://127.0.0.1:${healthPort}/readyz`)).toBe(503);
    expect(await migrate(uriOf('root', 'narrow')).ended).toBe(0);
    await service.line(/"msg":"Listening"/);
    expect(await statusOf(`http://127.0.0.1:${healthPort}/readyz`)).toBe(200);
  });
});

describe('migrate', () => {
  it('says in a line what keeps it from working', async () => {
    const nowhere = migrate(`mongodb://127.0.0.1:${await freePort()}/none`);
    expect(await nowhere.ended).toBe(1);
    expect(nowhere.output()).toMatch(/^auth: .+\n$/);
    const malformed = migrate('mongodb://user:p%ss@host/auth');
    expect(await malformed.ended).toBe(1);
    expect(malformed.output()).toMatch(/^auth: MONGO_URI can’t be used: [^%]+\n$/);
  });
});
