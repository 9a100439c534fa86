import type { RequestHandler } from 'express';
import { signedIn } from '../../middlewares/require-auth';
import type { OwnAccount } from '../../services/accounts/own-account';

/** GET /api/users/me/email: returns the address that the caller has asked for and not confirmed yet. */
export const showEmailChange =
  (ownAccount: OwnAccount): RequestHandler =>
  (req, res) => {
    res.send({ pending: ownAccount.pendingEmail(signedIn(req)) ?? null });
  };
