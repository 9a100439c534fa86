import type { RequestHandler } from 'express';
import { sessionJwt } from '../middlewares/session-cookie';
import type { Sessions } from '../services/sessions';
import { presentUser } from './present';

/** GET /api/users/currentuser: who is signed in, or null; renews the JWT of a session that is alive. */
export const showCurrentUser =
  (sessions: Sessions): RequestHandler =>
  async (req, res) => {
    const live = await sessions.renew(sessionJwt(req));
    // A dead cookie is left alone: clearing it could undo a sign-in that another request has just made.
    if (live?.jwt !== undefined) req.session = { jwt: live.jwt };
    res.send({ currentUser: live ? presentUser(live.user) : null });
  };
