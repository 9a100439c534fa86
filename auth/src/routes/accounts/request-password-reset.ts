import type { RequestHandler } from 'express';
import { matchedData } from 'express-validator';
import { callerOf } from '../../middlewares/caller';
import { validateRequest } from '../../middlewares/validate-request';
import type { PasswordReset } from '../../services/accounts/password-reset';
import { givenEmail } from '../fields';

/**
 * POST /api/users/password-reset: requests a reset link by mail. Responses and their timing do not reveal whether an
 * account exists.
 */
export const requestPasswordReset = (passwordReset: PasswordReset): RequestHandler[] => [
  givenEmail(),
  validateRequest,
  async (req, res) => {
    await passwordReset.request(matchedData<{ email: string }>(req).email, callerOf(req));
    req.log.info({ event: 'password_reset_requested' }, 'password reset requested');
    res.status(202).send({});
  },
];
