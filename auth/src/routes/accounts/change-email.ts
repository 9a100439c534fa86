import type { RequestHandler } from 'express';
import { matchedData } from 'express-validator';
import { signedInCallerOf } from '../../middlewares/caller';
import { validateRequest } from '../../middlewares/validate-request';
import type { Outbox } from '../../services/mail/outbox';
import type { OwnAccount } from '../../services/accounts/own-account';
import { email, givenPassword } from '../fields';

/**
 * PUT /api/users/me/email: requests a new address. The change takes effect once confirmed from that address. The present
 * address is no change.
 */
export const changeEmail = (ownAccount: OwnAccount, outbox: Outbox): RequestHandler[] => [
  email(),
  givenPassword(),
  validateRequest,
  async (req, res) => {
    const caller = signedInCallerOf(req);
    const given = matchedData<{ email: string; password: string }>(req);
    if (!(await ownAccount.requestEmailChange(given, outbox, caller))) {
      res.status(204).send();
      return;
    }
    req.log.info(
      { event: 'email_change_requested', userId: caller.account.user._id },
      'e-mail change requested',
    );
    res.status(202).send({});
  },
];
