import type { RequestHandler } from 'express';
import { signedIn } from '../../middlewares/require-auth';
import type { Sessions } from '../../services/sessions/sessions';
import { presentSession } from '../present';

/** GET /api/users/sessions: returns the caller's live sessions. */
export const listSessions =
  (sessions: Sessions): RequestHandler =>
  async (req, res) => {
    const caller = signedIn(req);
    const live = await sessions.list(caller.user);
    res.send({ sessions: live.map((session) => presentSession(session, caller)) });
  };
