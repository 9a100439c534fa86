import type { RequestHandler } from 'express';
import { matchedData } from 'express-validator';
import { validateRequest } from '../middlewares/validate-request';
import type { PasswordReset } from '../services/password-reset';
import { email } from './fields';

/** POST /api/users/password-reset: the same answer in the same time whether or not there is such an account. */
export const requestPasswordReset = (passwordReset: PasswordReset): RequestHandler[] => [
  email(),
  validateRequest,
  async (req, res) => {
    await passwordReset.request(matchedData<{ email: string }>(req).email);
    req.log.info({ event: 'password_reset_requested' }, 'password reset requested');
    res.status(202).send({});
  },
];
