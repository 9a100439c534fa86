import type { RequestHandler } from 'express';
import { sessionJwt } from '../middlewares/session-cookie';
import type { Sessions } from '../services/sessions';

/** POST /api/users/signout: ends the session on the server, and clears the cookie. */
export const signout =
  (sessions: Sessions): RequestHandler =>
  async (req, res) => {
    await sessions.end(sessionJwt(req));
    req.session = null;
    res.send({});
  };
