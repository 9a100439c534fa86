import type { RequestHandler } from 'express';
import { matchedData } from 'express-validator';
import { signedInCallerOf } from '../../middlewares/caller';
import { setSessionCookie } from '../../middlewares/session-cookie';
import { validateRequest } from '../../middlewares/validate-request';
import type { OwnAccount } from '../../services/accounts/own-account';
import { currentPassword, newPassword } from '../fields';

/** PUT /api/users/me/password: sets a new password and ends every other session of the caller. */
export const changePassword = (ownAccount: OwnAccount): RequestHandler[] => [
  currentPassword(),
  newPassword(),
  validateRequest,
  async (req, res) => {
    const caller = signedInCallerOf(req);
    const issued = await ownAccount.changePassword(
      matchedData<{ currentPassword: string; password: string }>(req),
      caller,
    );
    // The old JWT has a lower generation, which other services will refuse.
    setSessionCookie(req, res, issued);
    req.log.info(
      { event: 'password_changed', userId: caller.account.user._id, reason: 'by the user' },
      'password changed',
    );
    res.status(204).send();
  },
];
