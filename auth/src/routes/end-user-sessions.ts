import type { RequestHandler } from 'express';
import { signedIn } from '../middlewares/require-auth';
import type { Administration } from '../services/administration';

/** DELETE /api/users/:id/sessions: signs somebody out everywhere. */
export const endUserSessions =
  (administration: Administration): RequestHandler<{ id: string }> =>
  async (req, res) => {
    await administration.endSessions(req.params.id);
    const by = signedIn(req).user._id;
    req.log.info(
      { event: 'sessions_ended', userId: req.params.id, by, reason: 'by an admin' },
      'sessions ended',
    );
    res.status(204).send();
  };
