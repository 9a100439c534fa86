import type { RequestHandler } from 'express';
import { matchedData } from 'express-validator';
import { signedIn } from '../middlewares/require-auth';
import { validateRequest } from '../middlewares/validate-request';
import type { OwnAccount } from '../services/own-account';
import { givenPassword } from './fields';

/** DELETE /api/users/me: deletes the caller's account. */
export const closeAccount = (ownAccount: OwnAccount): RequestHandler[] => [
  givenPassword(),
  validateRequest,
  async (req, res) => {
    const { user } = signedIn(req);
    await ownAccount.close(user, matchedData<{ password: string }>(req));
    req.session = null;
    req.log.info({ event: 'user_deleted', userId: user._id, reason: 'by the user' }, 'user deleted');
    res.status(204).send();
  },
];
