import type { Request, RequestHandler } from 'express';
import { matchedData } from 'express-validator';
import { signedIn } from '../middlewares/require-auth';
import { validateRequest } from '../middlewares/validate-request';
import type { Administration, UserChange } from '../services/administration';
import { disabled, role, version } from './fields';
import { presentAccount } from './present';

/** PATCH /api/users/:id: gives a role, disables or enables. */
export const changeUser = (administration: Administration): RequestHandler<never>[] => [
  role(),
  disabled(),
  version(),
  validateRequest,
  async (req: Request<{ id: string }>, res) => {
    const { version: seen, ...change } = matchedData<UserChange>(req, { locations: ['body'] });
    const user = await administration.change(req.params.id, { ...change, version: seen });
    const by = signedIn(req).user._id;
    req.log.info({ event: 'user_changed', userId: user._id, by, ...change }, 'user changed');
    res.send(presentAccount(user));
  },
];
