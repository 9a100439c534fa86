import type { RequestHandler } from 'express';
import { signedInCallerOf } from '../../middlewares/caller';
import type { Administration } from '../../services/accounts/administration';

/** DELETE /api/users/:id: deletes an account. */
export const deleteUser =
  (administration: Administration): RequestHandler<{ id: string }> =>
  async (req, res) => {
    const caller = signedInCallerOf(req);
    await administration.delete(req.params.id, caller);
    const by = caller.account.user._id;
    req.log.info({ event: 'user_deleted', userId: req.params.id, by, reason: 'by an admin' }, 'user deleted');
    res.status(204).send();
  };
