import type { RequestHandler } from 'express';
import { matchedData } from 'express-validator';
import { signedInCallerOf } from '../../middlewares/caller';
import { validateRequest } from '../../middlewares/validate-request';
import type { ProfileChange } from '../../models/profile';
import type { OwnAccount } from '../../services/accounts/own-account';
import { profile, version } from '../fields';
import { presentUser } from '../present';

/** PATCH /api/users/me: changes the caller's profile. */
export const updateProfile = (ownAccount: OwnAccount): RequestHandler[] => [
  ...profile(),
  version(),
  validateRequest,
  async (req, res) => {
    const change = matchedData<ProfileChange & { version: number }>(req);
    const updated = await ownAccount.updateProfile(change, signedInCallerOf(req));
    req.log.info({ event: 'profile_changed', userId: updated._id }, 'profile changed');
    res.send(presentUser(updated));
  },
];
