import { noPendingEmail, soundUser } from '../../models/user';
import { requireValid, type ValidLink } from '../mail/email-links';
import type { TidyingTransaction } from './account-cleanup';
import type { ConfirmLink, EmailConfirmationOptions } from './confirm-link';
import { removeUnverifiedHolder } from './undo-email-change';

/**
 * Puts the account of a link back among the users, as it was, if it is closed. It gets the address that the link was sent
 * to: another account may have the one that it was closed with. Its password is unusable.
 */
export async function bringBack(
  { link }: ValidLink,
  options: EmailConfirmationOptions,
  transaction: TidyingTransaction,
): Promise<void> {
  const { users, closedAccounts, now } = options;
  const { tx, record } = transaction;
  const closed = link.user && (await closedAccounts.take(link.user, now(), tx));
  if (!closed) return;
  await removeUnverifiedHolder(link.email, closed.user, options, transaction);
  // By the driver: Mongoose would set dates and leave out what a newer version has added.
  await users.collection.insertOne({ ...soundUser(closed.user, now()), email: link.email }, { session: tx });
  await record({ action: 'brought-back', user: closed.user._id });
}

/** Ends whatever is left of the time before an account was closed, and sends its owner a link to set a password. */
export const reopenAccount: ConfirmLink = async (
  { link, user: closed },
  { users, outbox, now },
  { tx, tidy },
) => {
  const state = { _id: requireValid(closed)._id, email: link.email, disabled: false };
  const update = { $unset: noPendingEmail };
  const user = requireValid(await users.applyEvent('brought-back', state, update, { now: now(), tx }));
  await outbox.add({ kind: 'account-reopened', user, to: user.email }, tx);
  await tidy({ user: user._id });
  return user;
};
