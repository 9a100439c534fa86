import { mongo } from 'mongoose';
import { connectTo, freshDatabase } from '../../../test/database';
import { contentOf, isWrite, makeVersion1, observed } from '../../../test/schema';
import { schemaVersion1 } from '../../../test/schema-version-1';
import { until } from '../../../test/process';
import { migrate } from '../../collections';
import { withLease } from '../lease';
import { schemaDocuments, schemaVersion } from '../state';

const opened: mongo.MongoClient[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((client) => client.close(true)));
});

/** A fresh database, as it looks from the outside. */
async function database(): Promise<{ uri: string; client: mongo.MongoClient; db: mongo.Db }> {
  const uri = freshDatabase();
  const client = await connectTo(uri);
  opened.push(client);
  return { uri, client, db: client.db() };
}

/** Brings it up to date over a connection of its own; answers what was said and which commands were sent. */
async function start(uri: string, leaseMs = 10_000) {
  const { connection, commands } = await observed(uri);
  opened.push(connection.getClient());
  const said: string[] = [];
  const say = (line: string): void => void said.push(line);
  const done = migrate(connection, { listener: { info: say, warn: say }, leaseMs });
  // Whoever waits for it sees the failure.
  done.catch(() => undefined);
  return { connection, commands, said, done };
}

const courseAccount = (email: string) => ({ email, password: 'x'.repeat(20), __v: 0 });

describe('a start', () => {
  it('makes a new database, and then only reads', async () => {
    const { uri, db } = await database();
    const first = await start(uri);
    await first.done;
    expect(await schemaDocuments(db).findOne()).toMatchObject({ version: schemaVersion, adopted: true });
    const before = await contentOf(db);
    const second = await start(uri);
    await second.done;
    expect(second.commands.map(({ name }) => name).filter(isWrite)).toEqual([]);
    expect(second.said).toEqual([]);
    expect(await contentOf(db)).toEqual(before);
  });

  it('changes only what differs', async () => {
    const { uri, db } = await database();
    await (
      await start(uri)
    ).done;
    const before = await contentOf(db);
    await db.command({ collMod: 'sessions', validator: {} });
    await db.collection('mails').dropIndex('user_1_status_1_kind_1_epoch_1_createdAt_1');
    const { done, commands, said } = await start(uri);
    await done;
    expect(commands.map(({ name }) => name).filter((name) => /collMod|create/.test(name))).toEqual([
      'collMod',
      'createIndexes',
    ]);
    expect(said).toEqual([
      'sessions: changed the validator',
      'mails: made the indexes user_1_status_1_kind_1_epoch_1_createdAt_1',
    ]);
    expect(await contentOf(db)).toEqual(before);
  });

  it('brings a database of version 1 up to date, and keeps its documents', async () => {
    const { uri, db } = await database();
    await makeVersion1(db);
    const now = new Date();
    const sound = {
      email: 'a@example.com',
      password: `${'0'.repeat(128)}.${'0'.repeat(16)}`,
      role: 'user',
      emailVerified: true,
      disabled: false,
      createdAt: now,
      updatedAt: now,
      version: 3,
    };
    const { insertedId } = await db.collection('users').insertOne({ ...sound });
    await (
      await start(uri)
    ).done;
    expect(await db.collection('users').find().toArray()).toEqual([{ _id: insertedId, ...sound }]);
    expect(await schemaDocuments(db).findOne()).toMatchObject({ version: schemaVersion });
  });

  it('adopts the accounts of a collection that was put in the place of ours', async () => {
    const { uri, db } = await database();
    await (
      await start(uri)
    ).done;
    await db.collection('users').drop();
    await db.collection('users').insertOne(courseAccount('Restored@Example.com'));
    const crashing = await start(uri, 300);
    crashing.connection.getClient().on('commandSucceeded', ({ commandName }) => {
      if (commandName === 'collMod') void crashing.connection.close(true);
    });
    await expect(crashing.done).rejects.toThrow();
    await (
      await start(uri, 300)
    ).done;
    const restored = { email: 'restored@example.com', role: 'user', version: 0 };
    expect(await db.collection('users').findOne()).toMatchObject(restored);
    expect(await schemaDocuments(db).findOne()).toMatchObject({ adopted: true });
  });

  // In three parts, because each write takes two starts.
  it.each([0, 1, 2])(
    'completes what one that crashed after any of its writes had begun (part %d)',
    async (part) => {
      const wanted = await database();
      const prepare = async (db: mongo.Db) => {
        const _id = new mongo.ObjectId('64b000000000000000000001');
        await db.collection('users').insertOne({ _id, ...courseAccount('Ada@Example.com') });
        await db.collection('users').createIndex({ email: 1 }, {}, {});
        await db.createCollection('mails', {
          validator: { $jsonSchema: schemaVersion1.mails.rules },
          validationLevel: 'strict',
        });
      };
      await prepare(wanted.db);
      const whole = await start(wanted.uri);
      await whole.done;
      const result = await contentOf(wanted.db);
      const writes = whole.commands.filter(({ name }) => isWrite(name)).length;
      expect(writes).toBeGreaterThan(15);

      let crashes = 0;
      const crashAfter = async (last: number): Promise<void> => {
        const { uri, db } = await database();
        await prepare(db);
        const crashing = await start(uri, 300);
        let seen = 0;
        crashing.connection.getClient().on('commandSucceeded', ({ commandName }) => {
          if (isWrite(commandName) && ++seen === last) void crashing.connection.close(true);
        });
        await crashing.done.catch(() => (crashes += 1));
        const next = await start(uri, 300);
        await next.done;
        expect(await contentOf(db)).toEqual(result);
      };
      const all = Array.from({ length: writes }, (_, n) => n + 1).filter((n) => n % 3 === part);
      while (all.length > 0) await Promise.all(all.splice(0, 3).map(crashAfter));
      expect(crashes).toBeGreaterThan(3);
    },
    120_000,
  );
});

describe('several processes', () => {
  it('do the work once between them on an old database', async () => {
    const { uri, db } = await database();
    await makeVersion1(db);
    const starts = await Promise.all([start(uri), start(uri), start(uri)]);
    await Promise.all(starts.map(({ done }) => done));
    const changes = starts.flatMap(({ commands }) => commands).filter(({ name }) => name === 'collMod');
    expect(changes).toHaveLength(Object.keys(schemaVersion1).length);
  });

  it('wait while the lease is renewed, and follow a holder that crashed', async () => {
    const { uri, db } = await database();
    await makeVersion1(db);
    const lease = async (ms: number): Promise<void> => {
      const until = { $add: ['$$NOW', ms] };
      await schemaDocuments(db).updateOne(
        { _id: 'schema' },
        [{ $set: { lease: { holder: 'somebody else', until, version: schemaVersion } } }],
        { upsert: true },
      );
    };
    await lease(1500);
    const { done, said, commands } = await start(uri);
    let isDone = false;
    void done.then(() => (isDone = true));
    await until(() => Promise.resolve(said.some((line) => line.includes('waiting'))));
    const last = Date.now() + 2000;
    while (Date.now() < last) {
      await lease(1500);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(isDone).toBe(false);
    expect(commands.some(({ name }) => name === 'collMod')).toBe(false);
    await done;
    expect(await schemaDocuments(db).findOne()).toMatchObject({ version: schemaVersion });
  });
});

describe('the lease', () => {
  it('is one process’s for as long as its work takes, and is lost to another one only when it has run out', async () => {
    const { db } = await database();
    let end: () => void = () => undefined;
    const work = new Promise<void>((resolve) => (end = resolve));
    const holding = withLease(db, 1000, () => work);
    const nothing = (): Promise<void> => Promise.resolve();
    await until(
      async () => (await schemaDocuments(db).countDocuments({ 'lease.holder': { $exists: true } })) === 1,
    );
    const last = Date.now() + 1500;
    while (Date.now() < last) expect(await withLease(db, 1000, nothing)).toBe(false);
    end();
    expect(await holding).toBe(true);
    expect(await withLease(db, 300, nothing)).toBe(true);
  });

  it('stops the work of a process that another one has taken it from', async () => {
    const { db } = await database();
    const paused = withLease(db, 300, async (lease) => {
      await schemaDocuments(db).updateOne({}, { $set: { 'lease.holder': 'somebody else' } });
      await lease.set({ version: schemaVersion });
    });
    await expect(paused).rejects.toThrow('Another process has taken over');
    expect(await schemaDocuments(db).findOne()).not.toHaveProperty('version');
  });
});

describe('a transaction that a killed process left open', () => {
  const leaveOpen = async (client: mongo.MongoClient, db: mongo.Db) => {
    const session = client.startSession();
    session.startTransaction();
    await db.collection('users').updateMany({}, { $set: { stayed: 1 } }, { session });
    return session;
  };
  const prepared = async () => {
    const { uri, client, db } = await database();
    await (
      await start(uri)
    ).done;
    await db.collection('users').insertOne({
      email: 'a@example.com',
      password: `${'0'.repeat(128)}.${'0'.repeat(16)}`,
      role: 'user',
      emailVerified: true,
      disabled: false,
      createdAt: new Date(),
      updatedAt: new Date(),
      version: 3,
    });
    return { uri, client, db };
  };

  it('is no matter to a start that finds the validators as they should be', async () => {
    const { uri, client, db } = await prepared();
    const session = await leaveOpen(client, db);
    const { done } = await start(uri);
    await done;
    await session.abortTransaction();
  });

  it('keeps a start waiting, which holds up the writes of others for no more than its limit', async () => {
    const { uri, client, db } = await prepared();
    await db.command({ collMod: 'users', validator: {} });
    const session = await leaveOpen(client, db);
    const { done, commands, said } = await start(uri);
    const attempts = () => commands.filter(({ name }) => name === 'collMod');
    const others = await connectTo(uri);
    opened.push(others);
    const waits: number[] = [];
    while (attempts().length < 3) {
      const asked = performance.now();
      await others
        .db()
        .collection('users')
        .insertOne({ email: `${waits.length}@example.com` });
      waits.push(performance.now() - asked);
    }
    // The limit, and what a busy machine adds to it.
    expect(Math.max(...waits)).toBeLessThan(1000);
    for (const { ms } of attempts()) expect(ms).toBeLessThan(1000);
    expect(said).toEqual(['users: waiting for an open transaction or an index build']);
    await session.abortTransaction();
    await done;
    expect(said).toContain('users: changed the validator');
  });
});

describe('a newer version', () => {
  const wider = async (db: mongo.Db, change: mongo.Document, document: mongo.Document): Promise<void> => {
    const { validator } = await db.collection('users').options();
    const { $jsonSchema: rules } = validator as { $jsonSchema: { properties: mongo.Document } };
    const properties = { ...rules.properties, ...change };
    await db.command({ collMod: 'users', validator: { $jsonSchema: { ...rules, properties } } });
    await schemaDocuments(db).updateOne({ _id: 'schema' }, { $set: document });
  };
  const moreRoles = { role: { bsonType: 'string', enum: ['user', 'admin', 'support'] } };

  it.each([
    { version: schemaVersion + 1 },
    { lease: { holder: 'crashed', until: new Date(0), version: schemaVersion + 1 } },
  ])('keeps its wider validator, and its version, beside this one: %j', async (document) => {
    const { uri, db } = await database();
    await (
      await start(uri)
    ).done;
    await wider(db, moreRoles, document);
    await db.collection('users').insertOne({
      email: 'a@example.com',
      password: `${'0'.repeat(128)}.${'0'.repeat(16)}`,
      role: 'support',
      emailVerified: true,
      disabled: false,
      createdAt: new Date(),
      updatedAt: new Date(),
      version: 0,
    });
    const before = await contentOf(db);
    const { done, commands } = await start(uri);
    await done;
    expect(commands.map(({ name }) => name).filter(isWrite)).toEqual([]);
    expect(await contentOf(db)).toEqual(before);
    expect(await schemaDocuments(db).findOne()).toMatchObject(document);
  });

  it('keeps this one from starting where it refuses what this one writes', async () => {
    const { uri, db } = await database();
    await (
      await start(uri)
    ).done;
    await wider(
      db,
      { role: { bsonType: 'string', enum: ['member', 'admin'] } },
      { version: schemaVersion + 1 },
    );
    const { done } = await start(uri);
    const refusal = new RegExp(
      `^users: the database has schema version ${schemaVersion + 1}, .*start a newer one$`,
    );
    await expect(done).rejects.toThrow(refusal);
  });
});

describe('an index on addresses', () => {
  it.each([{}, { unique: true, sparse: true }, { name: 'mine' }])(
    'F29 that admits two of one address is replaced: %j',
    async (options) => {
      const { uri, db } = await database();
      await db
        .collection('users')
        .insertMany([courseAccount('a@example.com'), courseAccount('b@example.com')]);
      await db.collection('users').createIndex({ email: 1 }, options, {});
      await (
        await start(uri)
      ).done;
      const indexes = await db.collection('users').indexes();
      expect(indexes.filter(({ key }) => 'email' in key)).toEqual([
        expect.objectContaining({ key: { email: 1 }, name: 'email_1', unique: true }),
      ]);
      expect(indexes.some(({ sparse }) => sparse)).toBe(false);
    },
  );

  it('F29 is not replaced where two share an address, and the command that shows them is named', async () => {
    const { uri, db } = await database();
    await db.collection('users').insertMany([courseAccount('a@example.com'), courseAccount('a@example.com')]);
    await db.collection('users').createIndex({ email: 1 }, {}, {});
    const { done } = await start(uri);
    const failure = (await done.catch((error: unknown) => error)) as Error;
    expect(failure.name).toBe('NotReadyError');
    expect(failure.message).not.toContain('a@example.com');
    expect(await db.collection('users').indexExists('email_1')).toBe(true);
    const shown = /db[.]users[.]aggregate\((\[.*\])\)'$/.exec(failure.message)?.[1] ?? '';
    const found = await db
      .collection('users')
      .aggregate(JSON.parse(shown) as mongo.Document[])
      .toArray();
    expect(found).toEqual([expect.objectContaining({ _id: 'a@example.com', count: 2 })]);
  });
});
