import type { Request, RequestHandler } from 'express';
import { NotAuthorizedError } from '../errors/not-authorized-error';
import type { LiveSession } from '../models/session';

/** Refuses callers who are not signed in. It must run after `currentUser`. */
export const requireAuth: RequestHandler = (req, _res, next) => {
  signedIn(req);
  next();
};

/**
 * The signed-in user and the session of a request.
 * @throws {NotAuthorizedError} if nobody is signed in
 */
export function signedIn(req: Request): LiveSession {
  if (!req.currentUser) throw new NotAuthorizedError();
  return req.currentUser;
}
