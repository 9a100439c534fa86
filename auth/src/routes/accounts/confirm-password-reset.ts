import type { RequestHandler } from 'express';
import { matchedData } from 'express-validator';
import { callerOf } from '../../middlewares/caller';
import { validateRequest } from '../../middlewares/validate-request';
import type { PasswordReset } from '../../services/accounts/password-reset';
import { newPassword, token } from '../fields';

/** POST /api/users/password-reset/confirm: sets a new password and ends every session. */
export const confirmPasswordReset = (passwordReset: PasswordReset): RequestHandler[] => [
  token(),
  newPassword(),
  validateRequest,
  async (req, res) => {
    const input = matchedData<{ token: string; password: string }>(req);
    const user = await passwordReset.confirm(input.token, input.password, callerOf(req));
    req.log.info({ event: 'password_changed', userId: user._id, reason: 'reset' }, 'password changed');
    res.status(204).send();
  },
];
