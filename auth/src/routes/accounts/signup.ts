import type { RequestHandler } from 'express';
import { matchedData } from 'express-validator';
import { callerOf } from '../../middlewares/caller';
import { sessionJwts } from '../../middlewares/session-cookie';
import { validateRequest } from '../../middlewares/validate-request';
import type { UserAttrs } from '../../models/user';
import type { Accounts } from '../../services/accounts/accounts';
import type { SessionStart } from '../../services/accounts/session-start';
import { email, newPassword, profile } from '../fields';
import { presentUser } from '../present';
import { setStartedSession } from '../sessions/set-started-session';

/** POST /api/users/signup: creates an account and signs the user in, unless the address must be verified first. */
export const signup = (accounts: Accounts, sessionStart: SessionStart): RequestHandler[] => [
  email(),
  newPassword(),
  ...profile(),
  validateRequest,
  async (req, res) => {
    const caller = callerOf(req);
    const user = await accounts.signUp(matchedData<UserAttrs>(req), caller);
    if (!accounts.mustVerify(user))
      setStartedSession(req, res, await sessionStart.afterSignUp(user, sessionJwts(req), caller));
    req.log.info({ event: 'signed_up', userId: user._id }, 'signed up');
    res.status(201).send(presentUser(user));
  },
];
