import type { RequestHandler } from 'express';
import { callerOf } from '../../middlewares/caller';
import { clearSessionCookie, sessionJwts } from '../../middlewares/session-cookie';
import type { Sessions } from '../../services/sessions/sessions';

/** POST /api/users/signout: ends every session that the browser's cookies name and clears the cookie. */
export const signout =
  (sessions: Sessions): RequestHandler =>
  async (req, res) => {
    await sessions.signOut(sessionJwts(req), callerOf(req));
    clearSessionCookie(req, res);
    res.send({});
  };
