import type { RequestHandler } from 'express';
import { matchedData } from 'express-validator';
import { callerOf } from '../../middlewares/caller';
import { validateRequest } from '../../middlewares/validate-request';
import type { Confirmation } from '../../services/accounts/confirm-link';
import type { EmailConfirmation } from '../../services/accounts/email-confirmation';
import { passwordIfGiven, profile, token } from '../fields';
import { presentUser } from '../present';

/** POST /api/users/email-verification/confirm: uses a token from a mail that verifies, changes or restores an address. */
export const confirmEmail = (emailConfirmation: EmailConfirmation): RequestHandler[] => [
  token(),
  passwordIfGiven(),
  ...profile(),
  validateRequest,
  async (req, res) => {
    const confirmation = matchedData<Confirmation>(req);
    const { user, purpose, repeated } = await emailConfirmation.confirm(confirmation, callerOf(req));
    const event = { event: 'email_confirmed', userId: user._id, reason: purpose, repeated };
    req.log.info(event, 'e-mail confirmed');
    res.send(presentUser(user));
  },
];
