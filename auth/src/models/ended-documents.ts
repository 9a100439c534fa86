import type { Types } from 'mongoose';
import { accountLinks, bringsBack, type AccountLink } from './account-events';
import type { CleanupRecord } from './cleanup';
import type { Collections } from './collections';
import { deleteBatch } from './delete-batch';
import { linkLifetimes } from './link-purposes';
import { linkOfMail, mailKinds } from './mail';
import type { UserRecord } from './user';

/**
 * Deletes what events have ended, up to `limit` documents of each collection. The previous version of this service, which
 * may run beside this one, sees the end of a link by that only. Returns whether more is left.
 */
export async function deleteEnded(
  collections: Collections,
  entry: CleanupRecord,
  limit: number,
): Promise<boolean> {
  const { users, closedAccounts, emailLinks } = collections;
  const id = entry.user ?? entry.closed;
  if (!id) return (await deleteBatch(emailLinks, endedSignups(entry), limit)) === limit;
  const open = await users.findById(id).lean();
  const isClosed = !open && (await closedAccounts.exists({ _id: id })) !== null;
  // Once more: between the two looks, a link may have brought the account back.
  const user = open ?? (isClosed ? null : await users.findById(id).lean());
  if (user) return deleteOwned(collections, endedOf(user), limit);
  return isClosed ? deleteOwned(collections, leftAtClosing(id), limit) : deleteLeft(collections, [id], limit);
}

/** The same for all that accounts which are gone for good have left. */
export function deleteLeft(
  collections: Collections,
  gone: Types.ObjectId[],
  limit: number,
): Promise<boolean> {
  const all = { user: { $in: gone } };
  return deleteOwned(collections, { sessions: all, devices: all, emailLinks: all, mails: all }, limit);
}

/** For each collection that holds something of a user: what to delete. */
type Owned = Record<'sessions' | 'devices' | 'emailLinks' | 'mails', object>;

async function deleteOwned(collections: Collections, owned: Owned, limit: number): Promise<boolean> {
  const { sessions, devices, emailLinks, mails } = collections;
  const counts = await Promise.all([
    deleteBatch(sessions, owned.sessions, limit),
    deleteBatch(devices, owned.devices, limit),
    deleteBatch(emailLinks, owned.emailLinks, limit),
    deleteBatch(mails, owned.mails, limit),
  ]);
  return counts.includes(limit);
}

const endedOf = (user: UserRecord): Owned => ({
  sessions: endedSessions(user),
  devices: endedDevices(user),
  emailLinks: endedLinks(user),
  mails: endedMails(user),
});

const leftAtClosing = (user: Types.ObjectId): Owned => ({
  sessions: { user },
  devices: { user },
  emailLinks: { user, ...linksOfClosed },
  mails: { user, ...mailsOfClosed },
});

// All but what brings a closed account back.
const linksOfClosed = { purpose: { $nin: accountLinks.filter(bringsBack) } };
const mailsOfClosed = {
  $or: [
    { status: { $ne: 'pending' } },
    { kind: { $nin: mailKinds.filter((kind) => linkOfMail[kind] && bringsBack(linkOfMail[kind])) } },
  ],
};

/** Those from before the cleanup became due: by now the account may be gone, and another sign-up may wait. */
function endedSignups({ _id, email }: CleanupRecord) {
  // The time in an ObjectId is rounded down to a second.
  const made = _id.getTimestamp().getTime() + 1000;
  return { email, purpose: 'signup', expiresAt: { $lt: new Date(made + linkLifetimes.signup) } };
}

// Each alternative below names the fields of an index, so that MongoDB reads only what has ended.

/** Not those of a later generation: they were started after this user was read. */
const endedSessions = ({ _id: user, generation = 0 }: UserRecord) =>
  anyOf([{ user, generation: { $lt: generation } }, ...(generation > 0 ? [{ user, generation: null }] : [])]);

function endedDevices({ _id: user, ended }: UserRecord) {
  const end = ended?.devices;
  return anyOf(end ? [{ user, epoch: { $lt: end.count } }] : []);
}

function endedLinks(owner: UserRecord) {
  const { _id: user } = owner;
  const byPurpose = accountLinks.flatMap((purpose) => {
    const end = owner.ended?.[purpose];
    if (!end) return [];
    // A link of the previous version has no epoch, but its expiry tells when it was made.
    const made = { $lt: new Date(end.at.getTime() + linkLifetimes[purpose]) };
    return [
      { user, purpose, epoch: { $lt: end.count } },
      { user, purpose, epoch: null, expiresAt: made },
    ];
  });
  return anyOf([...byPurpose, ...undone(owner, { user, purpose: 'email-change-undo' }, 'askedAt')]);
}

function endedMails(owner: UserRecord) {
  const pending = { user: owner._id, status: 'pending' };
  const byPurpose = accountLinks.flatMap((purpose) => {
    const end = owner.ended?.[purpose];
    if (!end) return [];
    const kind = { $in: kindsWith(purpose) };
    return [
      { ...pending, kind, epoch: { $lt: end.count } },
      { ...pending, kind, epoch: null, createdAt: { $lt: end.at } },
    ];
  });
  const notices = { ...pending, kind: { $in: kindsWith('email-change-undo') } };
  return anyOf([...byPurpose, ...undone(owner, notices, 'createdAt')]);
}

/** The notices and undo links of undone address changes, by version, or by date where the previous version wrote them. */
const undone = (owner: UserRecord, which: object, dateField: string) =>
  (owner.undone ?? []).flatMap(({ from, to, fromDate, toDate }) => [
    { ...which, version: { $gte: from, $lte: to } },
    { ...which, version: null, [dateField]: { $gte: fromDate, $lte: toDate } },
  ]);

const kindsWith = (purpose: AccountLink) => mailKinds.filter((kind) => linkOfMail[kind] === purpose);

/** MongoDB refuses an empty $or. */
const anyOf = (filters: object[]) => (filters.length > 0 ? { $or: filters } : { _id: { $in: [] } });
