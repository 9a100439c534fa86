import type { RequestHandler } from 'express';
import { matchedData } from 'express-validator';
import { signedIn } from '../../middlewares/require-auth';
import { validateRequest } from '../../middlewares/validate-request';
import type { Audit } from '../../services/audit/audit';
import { page } from '../fields';
import { presentActivity } from '../present';

/** GET /api/users/me/activity: returns a page of what happened to the caller's account, the newest first. */
export const listActivity = (audit: Audit): RequestHandler[] => [
  ...page(),
  validateRequest,
  async (req, res) => {
    const query = matchedData<{ limit: number; cursor?: string }>(req, { locations: ['query'] });
    const { entries, nextCursor } = await audit.activityOf(signedIn(req).user._id, query);
    res.send({ events: entries.map(presentActivity), nextCursor });
  },
];
