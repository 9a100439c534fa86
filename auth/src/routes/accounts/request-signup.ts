import type { RequestHandler } from 'express';
import { matchedData } from 'express-validator';
import { callerOf } from '../../middlewares/caller';
import { validateRequest } from '../../middlewares/validate-request';
import type { UserAttrs } from '../../models/user';
import type { Accounts } from '../../services/accounts/accounts';
import type { Outbox } from '../../services/mail/outbox';
import { email, newPassword, profile } from '../fields';

/**
 * POST /api/users/signup with SIGNUP_MODE=verify-first: requests an account, which is created once its address is
 * verified. Responses and their timing do not reveal whether an account exists.
 */
export const requestSignup = (accounts: Accounts, outbox: Outbox): RequestHandler[] => [
  email(),
  newPassword(),
  ...profile(),
  validateRequest,
  async (req, res) => {
    await accounts.requestSignUp(matchedData<UserAttrs>(req), outbox, callerOf(req));
    req.log.info({ event: 'signup_requested' }, 'sign-up requested');
    res.status(202).send({});
  },
];
