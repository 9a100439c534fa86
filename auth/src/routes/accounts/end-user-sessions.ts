import type { RequestHandler } from 'express';
import { signedInCallerOf } from '../../middlewares/caller';
import type { Administration } from '../../services/accounts/administration';

/** DELETE /api/users/:id/sessions: ends every session of a user. */
export const endUserSessions =
  (administration: Administration): RequestHandler<{ id: string }> =>
  async (req, res) => {
    const caller = signedInCallerOf(req);
    await administration.endSessions(req.params.id, caller);
    const by = caller.account.user._id;
    req.log.info(
      { event: 'sessions_ended', userId: req.params.id, by, reason: 'by an admin' },
      'sessions ended',
    );
    res.status(204).send();
  };
