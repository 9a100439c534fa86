import type { RequestHandler } from 'express';
import { matchedData } from 'express-validator';
import { validateRequest } from '../middlewares/validate-request';
import type { PasswordReset } from '../services/password-reset';
import { newPassword, token } from './fields';

/** POST /api/users/password-reset/confirm: sets a new password; every session ends. */
export const confirmPasswordReset = (passwordReset: PasswordReset): RequestHandler[] => [
  token(),
  newPassword(),
  validateRequest,
  async (req, res) => {
    const given = matchedData<{ token: string; password: string }>(req);
    const user = await passwordReset.confirm(given.token, given.password);
    req.log.info({ event: 'password_changed', userId: user._id, reason: 'reset' }, 'password changed');
    res.status(204).send();
  },
];
