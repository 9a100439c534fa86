import { requireValid } from '../mail/email-links';
import type { ConfirmLink } from './confirm-link';

/**
 * Creates the account of a verify-first sign-up, with the password that the owner of the mailbox chooses now. The links of
 * other sign-ups with that address end, because the address is taken.
 */
export const openVerifiedAccount: ConfirmLink = async (
  { link, opening },
  { users },
  { tx, tidy, record },
) => {
  const { email } = link;
  if (await users.exists({ email }).session(tx)) return undefined;
  // Not by `save`, which would take the hash for a plain-text password.
  const verified = { email, emailVerified: true, ...requireValid(opening) };
  const [created] = await users.insertMany([verified], { session: tx });
  const opened = requireValid(created).toObject();
  await record({ action: 'signed-up', user: opened._id, actor: opened._id });
  await tidy({ email });
  return opened;
};
