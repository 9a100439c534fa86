import type { mongo } from 'mongoose';
import { auditCollection, auditEntryOf } from '../audit-entry';
import type { CollectionSchema } from './collection-schema';
import { nameInvalidAccounts, namedIds } from './invalid-accounts';
import { lowerCaseAddresses, sharedAddresses } from './lower-case-addresses';
import type { ChangeContext } from './patiently';

export interface AdoptionPace {
  batchSize: number;
  /** How often the log says how far it is. */
  progressMs: number;
}

type Users = mongo.Collection;

/**
 * Gives accounts that another service stored what they lack, and changes nothing that is there: roles, bans and dates
 * stay. Can be stopped and repeated.
 */
export async function adoptAccounts(
  { name, rules }: CollectionSchema,
  { db, lease, listener }: ChangeContext,
  { batchSize, progressMs }: AdoptionPace,
): Promise<void> {
  const users = db.collection(name);
  const total = await users.countDocuments(incomplete);
  if (total === 0) return;
  const facts = { action: 'adopted', outcome: 'success', at: new Date(), count: total } as const;
  // First, so that no crash leaves accounts that were adopted without it. It names nobody, and is kept for good.
  await db.collection(auditCollection).insertOne(auditEntryOf(facts));
  const shared = await sharedAddresses(users);
  const kept: unknown[] = [];
  let adopted = 0;
  let saidAt = Date.now();
  for await (const batch of batches(users, batchSize)) {
    await lease.renew();
    await users.updateMany({ _id: { $in: batch.map(({ _id }) => _id) } }, addMissing);
    kept.push(...(await lowerCaseAddresses(users, batch, shared)));
    adopted += batch.length;
    if (Date.now() - saidAt < progressMs && adopted < total) continue;
    saidAt = Date.now();
    listener.info(`${name}: adopted ${adopted} of about ${total} accounts`);
  }
  if (kept.length > 0)
    listener.warn(
      `${name}: addresses that stay as they are, because another one differs in case alone: ${namedIds(kept)}`,
    );
  await nameInvalidAccounts(users, rules, listener);
}

async function* batches(users: Users, size: number): AsyncGenerator<mongo.WithId<mongo.Document>[]> {
  // In the order of the disk: not by an index that the changes move documents in.
  const accounts = users.find(incomplete, { projection: { email: 1 }, hint: { $natural: 1 } });
  let batch: mongo.WithId<mongo.Document>[] = [];
  for await (const account of accounts.batchSize(size)) {
    if (batch.push(account) < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

const isOfType = (field: string, type: string) => ({ $eq: [{ $type: field }, type] });
const opened = { $cond: [isOfType('$_id', 'objectId'), { $toDate: '$_id' }, '$$NOW'] };
const lacksVersion = { $eq: [{ $ifNull: ['$version', null] }, null] };

// A ban in the words of other services. An admin can enable an account again; nobody can undo what a banned one does.
const bans = [
  ...['banned', 'blocked', 'suspended', 'deleted'].flatMap((word) => [
    { $eq: [`$${word}`, true] },
    { $eq: [`$is${word[0]?.toUpperCase() ?? ''}${word.slice(1)}`, true] },
  ]),
  { $eq: ['$isDisabled', true] },
  ...['active', 'isActive', 'enabled', 'isEnabled'].map((word) => ({ $eq: [`$${word}`, false] })),
];

/** What an account gets that lacks it. */
const additions = {
  role: 'user',
  emailVerified: false,
  disabled: { $or: bans },
  createdAt: opened,
  updatedAt: { $cond: [isOfType('$createdAt', 'date'), '$createdAt', opened] },
  version: { $cond: [{ $isNumber: '$__v' }, { $max: [0, '$__v'] }, 0] },
};

// What this service counts in. Another service's field of that name is renamed, or no change of the account would succeed.
const counters = ['version', 'generation', 'othersSignedOut', 'adminChecks'];
const isOthers = (field: string) => ({ $and: [isThere(field), { $not: { $isNumber: `$${field}` } }] });
const isThere = (field: string) => ({ $ne: [{ $ifNull: [`$${field}`, null] }, null] });

const setAside = {
  $set: Object.fromEntries(
    counters.flatMap((field) => [
      [`${field}Before`, { $cond: [isOthers(field), `$${field}`, `$${field}Before`] }],
      [field, { $cond: [isOthers(field), '$$REMOVE', `$${field}`] }],
    ]),
  ),
};

const addMissing = [
  setAside,
  {
    $set: {
      ...Object.fromEntries(
        Object.entries(additions).map(([field, value]) => [field, { $ifNull: [`$${field}`, value] }]),
      ),
      __v: { $cond: [lacksVersion, '$$REMOVE', '$__v'] },
    },
  },
];

/** Accounts that lack something, or whose address may have to be written in lower case. */
const incomplete = {
  $or: [
    ...Object.keys(additions).map((field) => ({ [field]: null })),
    ...counters.map((field) => ({ [field]: { $exists: true, $not: { $type: 'number' } } })),
    { email: /[^!-@[-~]/ },
  ],
};
