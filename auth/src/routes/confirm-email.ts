import type { RequestHandler } from 'express';
import { matchedData } from 'express-validator';
import { validateRequest } from '../middlewares/validate-request';
import type { EmailConfirmation } from '../services/email-confirmation';
import { token } from './fields';
import { presentUser } from './present';

/** POST /api/users/email-verification/confirm: does what the link in a mail about an address is for. */
export const confirmEmail = (emailConfirmation: EmailConfirmation): RequestHandler[] => [
  token(),
  validateRequest,
  async (req, res) => {
    const { user, purpose } = await emailConfirmation.confirm(matchedData<{ token: string }>(req).token);
    req.log.info({ event: 'email_confirmed', userId: user._id, reason: purpose }, 'e-mail confirmed');
    res.send(presentUser(user));
  },
];
