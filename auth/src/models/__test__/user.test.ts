import { operator } from '../../services/caller';
import { migrate } from '../collections';
import { jsonSchemaOf } from '../schema/json-schema';
import { password, useService } from '../../test/service';

const service = useService();
const silent = { info: () => undefined, warn: () => undefined };
const attrs = (name: string) => ({ email: `${name}@example.com`, password });

describe('User', () => {
  it('is built from its attributes and nothing else', () => {
    const user = service.users.build({ ...attrs('built'), role: 'admin', version: 9 } as never);
    expect(user.toObject()).toMatchObject({ email: 'built@example.com', role: 'user', emailVerified: false });
    expect(user.get('version')).not.toBe(9);
  });

  it('hashes the password when, and only when, it was modified', async () => {
    const user = await service.users.build(attrs('hashed')).save();
    expect(user.password).toMatch(/^[0-9a-f]{128}\./);
    const hash = user.password;
    user.name = 'Somebody';
    await user.save();
    expect(user.password).toBe(hash);
    user.password = 'another password';
    await user.save();
    expect(user.password).not.toBe(hash);
    expect(await service.passwords.compare(user.password, 'another password', operator())).toBe(true);
  });

  it('refuses a save over a version that has changed meanwhile', async () => {
    const { _id } = await service.users.build(attrs('versioned')).save();
    const first = await service.users.findById(_id).orFail();
    const second = await service.users.findById(_id).orFail();
    first.name = 'First';
    await first.save();
    second.name = 'Second';
    await expect(second.save()).rejects.toMatchObject({ name: 'VersionError' });
    expect(await service.users.findById(_id).lean()).toMatchObject({ name: 'First', version: 1 });
  });

  it('has one document for an e-mail, by an index', async () => {
    await service.users.build(attrs('unique')).save();
    await expect(service.users.build(attrs('unique')).save()).rejects.toMatchObject({ code: 11000 });
  });
});

describe('what MongoDB itself refuses', () => {
  const raw = () => service.users.collection;
  let sound: Record<string, unknown>;
  beforeAll(async () => {
    const { _id, ...rest } = (await service.users.build(attrs('sound')).save()).toObject();
    expect(_id).toBeDefined();
    sound = rest;
  });
  const insert = (change: object, drop?: string) => {
    const document = { ...sound, email: `raw-${Math.random()}@example.com`, ...change };
    if (drop !== undefined) Reflect.deleteProperty(document, drop);
    return raw().insertOne(document);
  };

  it('is not what Mongoose writes', async () => {
    await expect(insert({})).resolves.toMatchObject({ acknowledged: true });
    await expect(insert({ name: 'Ada' })).resolves.toMatchObject({ acknowledged: true });
  });

  it.each(['josé@example.com', 'user@münchen.de', '"quoted"@example.com', '"two@at"@example.com'])(
    'F26 is not an address that another service has stored: %s',
    async (email) => {
      await expect(insert({ email })).resolves.toMatchObject({ acknowledged: true });
    },
  );

  it.each([
    [{ email: 'Upper@example.com' }],
    [{ email: 'no-at' }],
    [{ email: 'two@at@example.com' }],
    [{ email: 'with space@example.com' }],
    [{ email: 'josé@Example.com' }],
    [{ email: `${'a'.repeat(250)}@example.com` }],
    [{ email: 5 }],
    [{ password: 'plain text' }],
    [{ role: 'root' }],
    [{ emailVerified: 'yes' }],
    [{ disabled: null }],
    [{ name: '' }],
    [{ createdAt: 'yesterday' }],
    [{ version: 'one' }],
  ])('is %j', async (change) => {
    await expect(insert(change)).rejects.toMatchObject({ code: 121 });
  });

  it.each(['email', 'password', 'role', 'emailVerified', 'disabled', 'createdAt', 'updatedAt', 'version'])(
    'is a document without %s',
    async (path) => {
      await expect(insert({}, path)).rejects.toMatchObject({ code: 121 });
    },
  );

  it('agrees with the Mongoose schema path by path', () => {
    const rules = jsonSchemaOf(service.users.schema) as { properties: object };
    expect(Object.keys(rules.properties).sort()).toEqual(Object.keys(service.users.schema.paths).sort());
  });

  it('is brought up to date at start, in a collection that is there already', async () => {
    await service.connection.db?.command({ collMod: 'users', validator: {} });
    await insert({ role: 'root' });
    await migrate(service.connection, { listener: silent });
    await expect(insert({ role: 'root' })).rejects.toMatchObject({ code: 121 });
  });

  it('is known to several processes that start at once', async () => {
    const other = service.connection.useDb(`${service.connection.name}-parallel`);
    await Promise.all(Array.from({ length: 8 }, () => migrate(other, { listener: silent })));
    expect(Object.keys(await other.collection('users').indexInformation())).toContain('email_1');
    await other.dropDatabase();
  });
});

describe('sessions in the database', () => {
  it('are removed by MongoDB when they expire', async () => {
    const indexes = await service.sessions.collection.indexes();
    expect(indexes).toContainEqual(expect.objectContaining({ key: { expiresAt: 1 }, expireAfterSeconds: 0 }));
  });

  it('are refused with an id that could be guessed', async () => {
    const session = {
      _id: 'short' as never,
      user: service.users.build(attrs('x'))._id,
      createdAt: new Date(),
      lastUsedAt: new Date(),
      expiresAt: new Date(),
    };
    await expect(service.sessions.collection.insertOne(session)).rejects.toMatchObject({ code: 121 });
  });
});
