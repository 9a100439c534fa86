import type { RequestHandler } from 'express';
import { signedIn } from '../middlewares/require-auth';
import type { Administration } from '../services/administration';

/** DELETE /api/users/:id: deletes somebody's account. */
export const deleteUser =
  (administration: Administration): RequestHandler<{ id: string }> =>
  async (req, res) => {
    await administration.delete(req.params.id);
    const by = signedIn(req).user._id;
    req.log.info({ event: 'user_deleted', userId: req.params.id, by, reason: 'by an admin' }, 'user deleted');
    res.status(204).send();
  };
