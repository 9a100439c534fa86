import type { RequestHandler } from 'express';
import { matchedData } from 'express-validator';
import { signedInCallerOf } from '../../middlewares/caller';
import { validateRequest } from '../../middlewares/validate-request';
import type { OwnAccount } from '../../services/accounts/own-account';
import { givenPassword } from '../fields';

/** POST /api/users/me/confirm-password: makes the caller's session fresh. */
export const confirmPassword = (ownAccount: OwnAccount): RequestHandler[] => [
  givenPassword(),
  validateRequest,
  async (req, res) => {
    const caller = signedInCallerOf(req);
    await ownAccount.confirmPassword(matchedData<{ password: string }>(req), caller);
    req.log.info({ event: 'password_confirmed', userId: caller.account.user._id }, 'password confirmed');
    res.status(204).send();
  },
];
