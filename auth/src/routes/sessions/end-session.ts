import type { Request, RequestHandler } from 'express';
import { NotFoundError } from '../../errors/not-found-error';
import { signedInCallerOf } from '../../middlewares/caller';
import { clearSessionCookie } from '../../middlewares/session-cookie';
import type { LiveSession } from '../../models/session';
import type { Sessions } from '../../services/sessions/sessions';

/** DELETE /api/users/sessions/:id: ends one of the caller's sessions, and clears the cookie for the current one. */
export const endSession =
  (sessions: Sessions): RequestHandler<{ id: string }> =>
  async (req, res) => {
    const caller = signedInCallerOf(req);
    if (!(await sessions.endOne(req.params.id, caller))) throw new NotFoundError();
    if (isCurrent(req, caller.account)) clearSessionCookie(req, res);
    res.status(204).send();
  };

/** Whether the request is about its own session, so that it is a sign-out. */
export const isCurrent = (req: Request<{ id?: string }>, { session }: LiveSession): boolean =>
  req.params.id === session._id;
