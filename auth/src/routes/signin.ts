import type { RequestHandler } from 'express';
import { matchedData } from 'express-validator';
import { validateRequest } from '../middlewares/validate-request';
import type { Accounts, Credentials } from '../services/accounts';
import type { Sessions } from '../services/sessions';
import { email, givenPassword } from './fields';
import { presentUser } from './present';
import { startSession } from './start-session';

/** POST /api/users/signin: starts a session for an account. */
export const signin = (accounts: Accounts, sessions: Sessions): RequestHandler[] => [
  email(),
  givenPassword(),
  validateRequest,
  async (req, res) => {
    const user = await accounts.signIn(matchedData<Credentials>(req));
    await startSession(req, sessions, user);
    req.log.info({ event: 'signed_in', userId: user._id }, 'signed in');
    res.send(presentUser(user));
  },
];
