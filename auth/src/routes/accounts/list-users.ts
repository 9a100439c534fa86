import type { RequestHandler } from 'express';
import { matchedData } from 'express-validator';
import { validateRequest } from '../../middlewares/validate-request';
import type { UserQuery } from '../../models/user';
import type { Administration } from '../../services/accounts/administration';
import { userQuery } from '../fields';
import { presentUserToAdmin } from '../present';

/** GET /api/users: returns a page of users, oldest accounts first. */
export const listUsers = (administration: Administration): RequestHandler[] => [
  ...userQuery(),
  validateRequest,
  async (req, res) => {
    const { users, nextCursor } = await administration.list(
      matchedData<UserQuery & { cursor?: string }>(req, { locations: ['query'] }),
    );
    res.send({ users: users.map(presentUserToAdmin), nextCursor });
  },
];
