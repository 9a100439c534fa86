import type { RequestHandler } from 'express';
import { signedIn } from '../middlewares/require-auth';
import type { Sessions } from '../services/sessions';
import { presentSession } from './present';

/** GET /api/users/sessions: where the caller is signed in. */
export const listSessions =
  (sessions: Sessions): RequestHandler =>
  async (req, res) => {
    const asking = signedIn(req);
    const live = await sessions.list(asking.user);
    res.send({ sessions: live.map((session) => presentSession(session, asking)) });
  };
