import type { RequestHandler } from 'express';
import type { Administration } from '../../services/accounts/administration';
import { presentUserToAdmin } from '../present';

/** GET /api/users/:id: returns one user. */
export const showUser =
  (administration: Administration): RequestHandler<{ id: string }> =>
  async (req, res) => {
    res.send(presentUserToAdmin(await administration.find(req.params.id)));
  };
