import { isDeepStrictEqual } from 'node:util';
import type { Request, RequestHandler } from 'express';
import { matchedData } from 'express-validator';
import { signedInCallerOf } from '../../middlewares/caller';
import { validateRequest } from '../../middlewares/validate-request';
import type { Administration, AdminChange } from '../../services/accounts/administration';
import { disabled, role, version } from '../fields';
import { presentUserToAdmin } from '../present';

/**
 * PATCH /api/users/:id: changes the role of a user, or disables or enables the account. Disabling alone needs no version,
 * so that nobody escapes it by changing the account all the time.
 */
export const changeUser = (administration: Administration): RequestHandler<never>[] => [
  role(),
  disabled(),
  version((body) => !isDeepStrictEqual(body, { disabled: true })),
  validateRequest,
  async (req: Request<{ id: string }>, res) => {
    const given = matchedData<AdminChange>(req, { locations: ['body'] });
    const caller = signedInCallerOf(req);
    const user = await administration.change(req.params.id, given, caller);
    const by = caller.account.user._id;
    const change = { role: given.role, disabled: given.disabled };
    req.log.info({ event: 'user_changed', userId: user._id, by, ...change }, 'user changed');
    res.send(presentUserToAdmin(user));
  },
];
