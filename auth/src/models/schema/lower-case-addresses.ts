import { mongo } from 'mongoose';

type Users = mongo.Collection;
type Account = mongo.WithId<mongo.Document>;

/** The ids of accounts whose addresses differ in case alone: which of them should get the address can't be told. */
export async function sharedAddresses(users: Users): Promise<Set<string>> {
  const groups = users.aggregate<{ ids: unknown[] }>(
    [
      { $match: { email: { $type: 'string' } } },
      {
        $group: {
          _id: { $toLower: { $trim: { input: '$email' } } },
          ids: { $push: '$_id' },
          count: { $sum: 1 },
        },
      },
      { $match: { count: { $gt: 1 } } },
    ],
    { allowDiskUse: true },
  );
  const shared = new Set<string>();
  for await (const { ids } of groups) for (const id of ids) shared.add(String(id));
  return shared;
}

/** Writes addresses in the form in which sign-in looks them up; answers the ids of accounts that keep a shared one. */
export async function lowerCaseAddresses(
  users: Users,
  accounts: Account[],
  shared: Set<string>,
): Promise<unknown[]> {
  const kept: unknown[] = [];
  const writes: { updateOne: mongo.UpdateOneModel & { filter: Account } }[] = [];
  for (const { _id, email } of accounts) {
    const normalised = typeof email === 'string' ? email.trim().toLowerCase() : '';
    if (normalised === '' || normalised === email) continue;
    if (shared.has(String(_id))) kept.push(_id);
    else writes.push({ updateOne: { filter: { _id, email }, update: { $set: { email: normalised } } } });
  }
  const refused = await refusedWrites(users, writes);
  return [...kept, ...refused.flatMap((index) => writes[index]?.updateOne.filter._id ?? [])];
}

/** Writes all that the unique index admits; answers the places in the list of the others. */
async function refusedWrites(users: Users, writes: mongo.AnyBulkWriteOperation[]): Promise<number[]> {
  if (writes.length === 0) return [];
  try {
    await users.bulkWrite(writes, { ordered: false });
    return [];
  } catch (error) {
    const refused = error instanceof mongo.MongoBulkWriteError ? [error.writeErrors].flat() : [];
    if (refused.length === 0 || refused.some(({ code }) => code !== 11000)) throw error;
    return refused.map(({ index }) => index);
  }
}
