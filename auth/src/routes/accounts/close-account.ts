import type { RequestHandler } from 'express';
import { matchedData } from 'express-validator';
import { signedInCallerOf } from '../../middlewares/caller';
import { validateRequest } from '../../middlewares/validate-request';
import { clearSessionCookie } from '../../middlewares/session-cookie';
import type { OwnAccount } from '../../services/accounts/own-account';
import { givenPassword } from '../fields';

/** DELETE /api/users/me: closes the caller's account. */
export const closeAccount = (ownAccount: OwnAccount): RequestHandler[] => [
  givenPassword(),
  validateRequest,
  async (req, res) => {
    const caller = signedInCallerOf(req);
    await ownAccount.close(matchedData<{ password: string }>(req), caller);
    clearSessionCookie(req, res);
    req.log.info({ event: 'account_closed', userId: caller.account.user._id }, 'account closed');
    res.status(204).send();
  },
];
