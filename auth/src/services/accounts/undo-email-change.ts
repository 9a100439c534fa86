import { noPendingEmail, type UserRecord } from '../../models/user';
import { requireValid } from '../mail/email-links';
import type { TidyingTransaction } from './account-cleanup';
import type { ConfirmLink, EmailConfirmationOptions } from './confirm-link';

// An undo needs a link to a mailbox, so that nobody can push the earlier ones out of the list.
const maxUndone = 20;

/**
 * Restores the address that an account had before a change, signs everyone out and makes the password unusable,
 * because whoever requested the change knows it. The owner gets a link to set a new one.
 *
 * It voids the undo links of this change and of all later ones until now. Those of earlier changes stay valid, so the
 * oldest one always wins.
 */
export const undoEmailChange: ConfirmLink = async ({ link, user: owner }, options, transaction) => {
  const { users, passwords, outbox, now } = options;
  const { tx, tidy, record } = transaction;
  const { email, askedAt = new Date(0) } = link;
  const before = requireValid(owner);
  if (before.disabled) return undefined;
  await removeUnverifiedHolder(email, before, options, transaction);
  const undone = {
    // A link of the previous version has no account version: it is older than every link that has one.
    from: link.version ?? 0,
    to: before.version,
    fromDate: askedAt,
    toDate: now(),
  };
  const update = {
    $set: { email, password: passwords.unusableHash(), emailVerified: true },
    $unset: noPendingEmail,
    $push: { undone: { $each: [undone], $slice: -maxUndone } },
  };
  const state = { _id: before._id, disabled: false };
  const user = requireValid(await users.applyEvent('email-change-undone', state, update, { now: now(), tx }));
  await outbox.add({ kind: 'password-reset', user, to: user.email }, tx);
  if (before.email !== email) await outbox.add({ kind: 'email-change-undone', to: before.email }, tx);
  await record({ action: 'email-change-undone', user: user._id });
  await tidy({ user: user._id });
  return user;
};

/**
 * An unverified account created after the address became free does not block its owner from restoring it. A disabled one
 * does: an admin has a reason to keep it.
 */
export async function removeUnverifiedHolder(
  email: string,
  owner: UserRecord,
  { users, administration, outbox }: EmailConfirmationOptions,
  transaction: TidyingTransaction,
): Promise<void> {
  const holder = await users.findByAddress(email, transaction.tx);
  if (!holder || holder._id.equals(owner._id)) return;
  if (holder.emailVerified || holder.disabled || holder.role !== 'user') return;
  await administration.remove(holder, { reason: 'address restored', by: owner._id }, transaction);
  await outbox.add({ kind: 'unverified-account-removed', to: email }, transaction.tx);
}
