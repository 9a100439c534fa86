import type { RequestHandler } from 'express';
import { signedInCallerOf } from '../../middlewares/caller';
import type { EmailConfirmation } from '../../services/accounts/email-confirmation';

/** POST /api/users/email-verification: sends the caller a verification link by mail, unless the address is verified. */
export const requestVerification =
  (emailConfirmation: EmailConfirmation): RequestHandler =>
  async (req, res) => {
    const caller = signedInCallerOf(req);
    const { user } = caller.account;
    if (user.emailVerified) {
      res.send({ emailVerified: true });
      return;
    }
    await emailConfirmation.request(caller);
    req.log.info({ event: 'verification_requested', userId: user._id }, 'verification requested');
    res.status(202).send({});
  };
