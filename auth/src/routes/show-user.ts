import type { RequestHandler } from 'express';
import type { Administration } from '../services/administration';
import { presentAccount } from './present';

/** GET /api/users/:id: one user. */
export const showUser =
  (administration: Administration): RequestHandler<{ id: string }> =>
  async (req, res) => {
    res.send(presentAccount(await administration.find(req.params.id)));
  };
