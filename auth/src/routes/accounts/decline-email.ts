import type { RequestHandler } from 'express';
import { matchedData } from 'express-validator';
import { callerOf } from '../../middlewares/caller';
import { validateRequest } from '../../middlewares/validate-request';
import type { EmailDecline } from '../../services/accounts/decline-email';
import { token } from '../fields';

/** POST /api/users/email-verification/decline: "this was not me", with the token of a mail about an address. */
export const declineEmail = (emailDecline: EmailDecline): RequestHandler[] => [
  token(),
  validateRequest,
  async (req, res) => {
    const user = await emailDecline.decline(matchedData<{ token: string }>(req).token, callerOf(req));
    req.log.info({ event: 'email_declined', userId: user?._id }, 'e-mail declined');
    res.status(204).send();
  },
];
