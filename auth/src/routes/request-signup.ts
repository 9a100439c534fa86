import type { RequestHandler } from 'express';
import { matchedData } from 'express-validator';
import { validateRequest } from '../middlewares/validate-request';
import type { UserAttrs } from '../models/user';
import type { Accounts } from '../services/accounts';
import type { Outbox } from '../services/outbox';
import { email, name, newPassword } from './fields';

/** POST /api/users/signup with SIGNUP_MODE=verify-first: the same answer whether or not somebody has the address. */
export const requestSignup = (accounts: Accounts, outbox: Outbox): RequestHandler[] => [
  email(),
  newPassword(),
  name(),
  validateRequest,
  async (req, res) => {
    await accounts.requestSignUp(matchedData<UserAttrs>(req), outbox);
    req.log.info({ event: 'signup_requested' }, 'sign-up requested');
    res.status(202).send({});
  },
];
