import { mongo } from 'mongoose';
import { connectTo, freshDatabase } from '../../../test/database';
import { contentOf, observed } from '../../../test/schema';
import { migrate } from '../../collections';

const opened: mongo.MongoClient[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((client) => client.close(true)));
});

const hash = `${'0'.repeat(128)}.${'0'.repeat(16)}`;
const account = (email: string, more: object = {}) => ({ email, password: hash, __v: 0, ...more });

/** A database with these accounts, and a way to adopt them. */
async function holding(accounts: mongo.Document[]) {
  const uri = freshDatabase();
  const client = await connectTo(uri);
  opened.push(client);
  const users = client.db().collection('users');
  const { insertedIds } = await users.insertMany(accounts);
  /** Answers what was said; the connection ends as soon as a line matches `crashAt`. */
  const adopt = async ({ batchSize = 100, crashAt = /^$/ } = {}) => {
    const { connection, commands } = await observed(uri);
    opened.push(connection.getClient());
    const said: string[] = [];
    const say = (line: string): void => {
      said.push(line);
      if (crashAt.test(line)) void connection.close(true);
    };
    const pace = { batchSize, progressMs: 0 };
    const done = migrate(connection, { listener: { info: say, warn: say }, leaseMs: 300, pace });
    done.catch(() => undefined);
    return { done, said, commands };
  };
  const id = (n: number): string => String(insertedIds[n]);
  return { db: client.db(), users, id, adopt };
}

describe('the accounts of another service', () => {
  it('F28 get what they lack, and keep what they have', async () => {
    const created = new Date('2019-05-01');
    const { db, users, id, adopt } = await holding([
      account('plain@example.com'),
      account('admin@example.com', { role: 'admin', __v: 7, extra: { kept: true } }),
      account('banned@example.com', { disabled: true, createdAt: created }),
      account('dated@example.com', {
        createdAt: created,
        updatedAt: new Date('2020-05-01'),
        emailVerified: true,
      }),
      account('versioned@example.com', { version: 4, __v: 9 }),
      { ...account('text-id@example.com', { __v: 'x' }), _id: 'text' },
      account('nothing@example.com', { role: null, version: null }),
      account('counted@example.com', { version: 'two', generation: 'first', __v: 3 }),
    ]);
    const { done } = await adopt();
    await done;
    const stored = await users.find({}, { projection: { _id: 0 } }).toArray();
    const openedAt = new mongo.ObjectId(id(0)).getTimestamp();
    const dates = { createdAt: openedAt, updatedAt: openedAt };
    const added = { role: 'user', emailVerified: false, disabled: false, version: 0 };
    const base = { password: hash, ...added };
    expect(stored).toEqual([
      { email: 'plain@example.com', ...base, ...dates },
      { email: 'admin@example.com', ...base, ...dates, role: 'admin', version: 7, extra: { kept: true } },
      { email: 'banned@example.com', ...base, disabled: true, createdAt: created, updatedAt: created },
      {
        email: 'dated@example.com',
        ...base,
        emailVerified: true,
        createdAt: created,
        updatedAt: new Date('2020-05-01'),
      },
      { email: 'versioned@example.com', ...base, ...dates, version: 4, __v: 9 },
      { email: 'text-id@example.com', ...base, createdAt: expect.any(Date), updatedAt: expect.any(Date) },
      { email: 'nothing@example.com', ...base, ...dates },
      {
        email: 'counted@example.com',
        ...base,
        ...dates,
        version: 3,
        versionBefore: 'two',
        generationBefore: 'first',
      },
    ]);
    expect(await db.collection('audit').find().toArray()).toEqual([
      { _id: expect.anything(), at: expect.any(Date), action: 'adopted', outcome: 'success', count: 8 },
    ]);
  });

  it.each([
    [{ banned: true }, true],
    [{ isBlocked: true }, true],
    [{ active: false }, true],
    [{ disabled: true, active: true }, true],
    [{ disabled: false, banned: true }, false],
    [{ banned: false, active: true }, false],
    [{}, false],
  ])('F28 stay banned in whatever words: %j', async (words, disabled) => {
    const { users, adopt } = await holding([account('banned@example.com', words)]);
    await (
      await adopt()
    ).done;
    expect(await users.findOne()).toMatchObject({ ...words, disabled });
  });

  it('have their address in lower case, unless another one differs from it in case alone', async () => {
    const { users, id, adopt } = await holding([
      account('Mixed@Example.com'),
      account(' spaced@example.com '),
      account('JOSÉ@example.com'),
      account('Shared@example.com'),
      account('shared@example.com'),
      account('Both@example.com'),
      account('bOTH@example.com'),
      account('ÉMILE@example.com'),
      account('émile@example.com'),
    ]);
    const { done, said } = await adopt();
    await done;
    expect((await users.find().toArray()).map(({ email }) => email as unknown)).toEqual([
      ...['mixed@example.com', 'spaced@example.com', 'josé@example.com'],
      ...['Shared@example.com', 'shared@example.com', 'Both@example.com', 'bOTH@example.com'],
      ...['ÉMILE@example.com', 'émile@example.com'],
    ]);
    const line = said.find((text) => text.includes('in case alone')) ?? '';
    expect(line).toContain(': 4 (');
    for (const n of [3, 5, 6, 7]) expect(line).toContain(id(n));
    expect(said.join('\n')).not.toMatch(/@|shared/i);
  });

  it('F27 are named where they have what this service would not store, and can be disabled all the same', async () => {
    const { users, id, adopt } = await holding([
      account('sound@example.com'),
      account('plain@example.com', { password: 'secret' }),
      account('object@example.com', { name: { first: 'Ada' } }),
      account('empty@example.com', { name: '' }),
      { password: hash },
      account('no-address', { role: 'root' }),
    ]);
    const { done, said } = await adopt();
    await done;
    const named = said.filter((line) => line.includes('would not store'));
    expect(named).toEqual([
      expect.stringMatching(new RegExp(`^users: accounts with a \`email\` .*: 2 [(]${id(4)}, ${id(5)}[)]$`)),
      expect.stringMatching(new RegExp(`^users: accounts with a \`password\` .*: 1 [(]${id(1)}[)]$`)),
      expect.stringMatching(new RegExp(`^users: accounts with a \`name\` .*: 2 [(]${id(2)}, ${id(3)}[)]$`)),
      expect.stringMatching(new RegExp(`^users: accounts with a \`role\` .*: 1 [(]${id(5)}[)]$`)),
    ]);
    expect(said.join('\n')).not.toMatch(/secret|Ada|@/);
    const { matchedCount } = await users.updateMany({}, { $set: { disabled: true }, $inc: { version: 1 } });
    expect(matchedCount).toBe(6);
    expect(await users.countDocuments({ disabled: true, version: 1 })).toBe(6);
    const invalid = { $set: { role: 'nonsense' } };
    await expect(users.updateOne({ email: 'sound@example.com' }, invalid)).rejects.toMatchObject({
      code: 121,
    });
  });

  it('F32 are adopted in batches, with progress in the log, and by the next start where one crashed', async () => {
    const accounts = Array.from({ length: 5000 }, (_, n) =>
      account(`Course-${n}@example.com`, { __v: n % 3 }),
    );
    const { db, users, adopt } = await holding(accounts);
    const crashing = await adopt({ batchSize: 250, crashAt: /adopted 1000 of/ });
    await expect(crashing.done).rejects.toThrow();
    const before = await users.countDocuments({ version: { $exists: true } });
    expect(before).toBeGreaterThanOrEqual(1000);
    expect(before).toBeLessThan(5000);

    const { done, said, commands } = await adopt({ batchSize: 250 });
    await done;
    const progress = said.filter((line) => line.includes('adopted'));
    expect(progress.at(0)).toMatch(/^users: adopted 250 of about \d+ accounts$/);
    expect(progress.at(-1)).toBe(`users: adopted ${5000 - before} of about ${5000 - before} accounts`);
    expect(await users.countDocuments({ email: /^course-/, version: { $in: [0, 1, 2] } })).toBe(5000);
    expect(commands.filter(({ name }) => name === 'getMore').length).toBeGreaterThan(10);
    const content = await contentOf(db);
    const again = await adopt();
    await again.done;
    expect(again.said).toEqual([]);
    expect(await contentOf(db)).toEqual(content);
  });
});
