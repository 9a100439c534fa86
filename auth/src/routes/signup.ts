import type { RequestHandler } from 'express';
import { matchedData } from 'express-validator';
import { validateRequest } from '../middlewares/validate-request';
import type { UserAttrs } from '../models/user';
import type { Accounts } from '../services/accounts';
import type { Sessions } from '../services/sessions';
import { email, name, newPassword } from './fields';
import { presentUser } from './present';
import { startSession } from './start-session';

/** POST /api/users/signup: opens an account and signs it in, unless its address has to be verified first. */
export const signup = (accounts: Accounts, sessions: Sessions): RequestHandler[] => [
  email(),
  newPassword(),
  name(),
  validateRequest,
  async (req, res) => {
    const user = await accounts.signUp(matchedData<UserAttrs>(req));
    if (!accounts.mustVerify(user)) await startSession(req, sessions, user);
    req.log.info({ event: 'signed_up', userId: user._id }, 'signed up');
    res.status(201).send(presentUser(user));
  },
];
