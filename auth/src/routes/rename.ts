import type { RequestHandler } from 'express';
import { matchedData } from 'express-validator';
import { signedIn } from '../middlewares/require-auth';
import { validateRequest } from '../middlewares/validate-request';
import type { OwnAccount } from '../services/own-account';
import { name, version } from './fields';
import { presentUser } from './present';

/** PATCH /api/users/me: changes what the caller is called. */
export const rename = (ownAccount: OwnAccount): RequestHandler[] => [
  name(),
  version(),
  validateRequest,
  async (req, res) => {
    const { user } = signedIn(req);
    const renamed = await ownAccount.rename(user, matchedData<{ name?: string; version: number }>(req));
    req.log.info({ event: 'profile_changed', userId: user._id }, 'profile changed');
    res.send(presentUser(renamed));
  },
];
