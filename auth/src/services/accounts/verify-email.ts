import { requireValid } from '../mail/email-links';
import type { ConfirmLink } from './confirm-link';

/** Marks the address of an account as verified. */
export const verifyEmail: ConfirmLink = async (
  { link, user, matched },
  { users, now },
  { tx, tidy, record },
) => {
  const state = {
    _id: requireValid(user)._id,
    email: link.email,
    disabled: false,
    ...(matched && { password: matched }),
  };
  const update = { $set: { emailVerified: true } };
  const verified = requireValid(await users.applyEvent('verified', state, update, { now: now(), tx }));
  await record({ action: 'verified', user: verified._id, actor: verified._id });
  await tidy({ user: verified._id });
  return verified;
};
