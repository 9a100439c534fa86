import type { RequestHandler } from 'express';
import { signedIn } from '../middlewares/require-auth';
import type { Sessions } from '../services/sessions';

/** DELETE /api/users/sessions: ends all of the caller's sessions but this one. */
export const endOtherSessions =
  (sessions: Sessions): RequestHandler =>
  async (req, res) => {
    await sessions.endOthers(signedIn(req));
    res.status(204).send();
  };
