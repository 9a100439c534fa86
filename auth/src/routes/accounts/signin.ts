import type { RequestHandler } from 'express';
import { matchedData } from 'express-validator';
import { callerOf } from '../../middlewares/caller';
import { sessionJwts } from '../../middlewares/session-cookie';
import { validateRequest } from '../../middlewares/validate-request';
import type { Accounts, Credentials } from '../../services/accounts/accounts';
import type { SessionStart } from '../../services/accounts/session-start';
import { givenEmail, givenPassword } from '../fields';
import { presentUser } from '../present';
import { setStartedSession } from '../sessions/set-started-session';

/** POST /api/users/signin: starts a session for an account. */
export const signin = (accounts: Accounts, sessionStart: SessionStart): RequestHandler[] => [
  givenEmail(),
  givenPassword(),
  validateRequest,
  async (req, res) => {
    const caller = callerOf(req);
    const signedIn = await accounts.signIn(matchedData<Credentials>(req), caller);
    const { user } = signedIn;
    setStartedSession(req, res, await sessionStart.afterSignIn(signedIn, sessionJwts(req), caller));
    req.log.info({ event: 'signed_in', userId: user._id }, 'signed in');
    res.send(presentUser(user));
  },
];
