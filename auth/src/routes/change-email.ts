import type { RequestHandler } from 'express';
import { matchedData } from 'express-validator';
import { signedIn } from '../middlewares/require-auth';
import { validateRequest } from '../middlewares/validate-request';
import type { Outbox } from '../services/outbox';
import type { OwnAccount } from '../services/own-account';
import { email, givenPassword } from './fields';

/** PUT /api/users/me/email: asks for another address; it takes effect when it is confirmed from there. */
export const changeEmail = (ownAccount: OwnAccount, outbox: Outbox): RequestHandler[] => [
  email(),
  givenPassword(),
  validateRequest,
  async (req, res) => {
    const { user } = signedIn(req);
    await ownAccount.requestEmailChange(user, matchedData<{ email: string; password: string }>(req), outbox);
    req.log.info({ event: 'email_change_requested', userId: user._id }, 'e-mail change requested');
    res.status(202).send({});
  },
];
