import { noPendingEmail } from '../../models/user';
import { requireValid } from '../mail/email-links';
import type { ConfirmLink } from './confirm-link';

/** Gives an account its new address, if that is still the one that was requested last. */
export const completeEmailChange: ConfirmLink = async (
  { link, user, matched },
  { users, now },
  { tx, tidy, record },
) => {
  const { email } = link;
  const state = {
    _id: requireValid(user)._id,
    pendingEmail: email,
    disabled: false,
    ...(matched && { password: matched }),
  };
  const update = { $set: { email, emailVerified: true }, $unset: noPendingEmail };
  const changed = requireValid(await users.applyEvent('email-changed', state, update, { now: now(), tx }));
  await record({ action: 'email-changed', user: changed._id, actor: changed._id });
  await tidy({ user: changed._id });
  return changed;
};
