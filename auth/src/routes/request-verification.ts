import type { RequestHandler } from 'express';
import { signedIn } from '../middlewares/require-auth';
import type { EmailConfirmation } from '../services/email-confirmation';

/** POST /api/users/email-verification: sends the caller a mail to verify the address with. */
export const requestVerification =
  (emailConfirmation: EmailConfirmation): RequestHandler =>
  async (req, res) => {
    const { user } = signedIn(req);
    await emailConfirmation.request(user);
    req.log.info({ event: 'verification_requested', userId: user._id }, 'verification requested');
    res.status(202).send({});
  };
