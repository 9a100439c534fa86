import type { RequestHandler } from 'express';
import { signedInCallerOf } from '../../middlewares/caller';
import type { OwnAccount } from '../../services/accounts/own-account';

/** DELETE /api/users/sessions: ends every other session of the caller. */
export const endOtherSessions =
  (ownAccount: OwnAccount): RequestHandler =>
  async (req, res) => {
    await ownAccount.signOutOthers(signedInCallerOf(req));
    res.status(204).send();
  };
