import type { RequestHandler } from 'express';
import { sessionJwts, setSessionCookie } from '../../middlewares/session-cookie';
import type { Sessions } from '../../services/sessions/sessions';
import { presentUser } from '../present';

/** GET /api/users/currentuser: returns the signed-in user or null, and renews the JWT while its session is alive. */
export const showCurrentUser =
  (sessions: Sessions): RequestHandler =>
  async (req, res) => {
    const live = await sessions.renew(sessionJwts(req));
    // An invalid cookie is not cleared, because that could undo a sign-in by a parallel request.
    if (live?.issued) setSessionCookie(req, res, live.issued);
    res.send({ currentUser: live ? presentUser(live.user) : null });
  };
