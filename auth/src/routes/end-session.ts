import type { RequestHandler } from 'express';
import { NotFoundError } from '../errors/not-found-error';
import { signedIn } from '../middlewares/require-auth';
import type { Sessions } from '../services/sessions';

/** DELETE /api/users/sessions/:id: ends one of the caller's sessions; the cookie goes too if it is this one. */
export const endSession =
  (sessions: Sessions): RequestHandler<{ id: string }> =>
  async (req, res) => {
    const { user, session } = signedIn(req);
    if (!(await sessions.endOne(user, req.params.id))) throw new NotFoundError();
    if (req.params.id === session._id) req.session = null;
    res.status(204).send();
  };
