import type { RequestHandler } from 'express';
import { matchedData } from 'express-validator';
import { signedIn } from '../middlewares/require-auth';
import { validateRequest } from '../middlewares/validate-request';
import type { OwnAccount } from '../services/own-account';
import { currentPassword, newPassword } from './fields';

/** PUT /api/users/me/password: sets a new password; every other session of the caller ends. */
export const changePassword = (ownAccount: OwnAccount): RequestHandler[] => [
  currentPassword(),
  newPassword(),
  validateRequest,
  async (req, res) => {
    const asking = signedIn(req);
    await ownAccount.changePassword(asking, matchedData<{ currentPassword: string; password: string }>(req));
    req.log.info(
      { event: 'password_changed', userId: asking.user._id, reason: 'by the user' },
      'password changed',
    );
    res.status(204).send();
  },
];
