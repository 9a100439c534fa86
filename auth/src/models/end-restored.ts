import { trusted } from 'mongoose';
import type { Ended } from './account-events';
import type { Collections } from './collections';
import { deleteBatch } from './delete-batch';
import { pagesOfIds } from './pages-of-ids';
import { endedBy } from './revocation';

const batch = 1000;

/**
 * Ends every session, link, queued mail and known device that a restored dump brought back: some had ended after the dump was made.
 * Each generation and count becomes a number that was never given before, the seconds since 1970. What the dump lacks
 * stays lost: later changes of passwords and addresses, later accounts, and closed accounts that are back.
 * @returns how many accounts there are
 */
export async function endRestored(collections: Collections, now: Date): Promise<number> {
  const count = Math.floor(now.getTime() / 1000);
  // No sign-in afterwards is expected, as one after a reset is: its owner is told of it.
  const endOf = (what: Ended) => ({ count, at: what === 'devices' ? new Date(0) : now });
  const ended = Object.fromEntries(endedBy('restored').map((what) => [what, endOf(what)]));
  const { users, closedAccounts, sessions, emailLinks, mails, devices } = collections;
  let accounts = 0;
  for await (const ids of pagesOfIds(users)) {
    const update = { $set: { generation: count, ended }, $unset: { othersSignedOut: 1 as const } };
    await users.updateMany({ _id: trusted({ $in: ids }) }, update, { timestamps: false });
    accounts += ids.length;
  }
  // They are few: people close their accounts, and 7 days later nothing is left.
  await closedAccounts.updateMany({}, { $set: { 'user.generation': count, 'user.ended': ended } });
  // The accounts' own have ended by now; sign-ups and requested resets belong to no account.
  while ((await deleteBatch(mails, { status: 'pending' }, batch)) === batch);
  while ((await deleteBatch(emailLinks, {}, batch)) === batch);
  while ((await deleteBatch(sessions, {}, batch)) === batch);
  while ((await deleteBatch(devices, {}, batch)) === batch);
  return accounts;
}
