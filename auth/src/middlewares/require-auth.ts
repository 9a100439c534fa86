import type { Request, RequestHandler } from 'express';
import { NotAuthorizedError } from '../errors/not-authorized-error';
import type { LiveSession } from '../models/session';

/** Lets only signed-in callers pass; stands behind `currentUser`. */
export const requireAuth: RequestHandler = (req, _res, next) => {
  signedIn(req);
  next();
};

/** @throws {NotAuthorizedError} when nobody is signed in */
export function signedIn(req: Request): LiveSession {
  if (!req.currentUser) throw new NotAuthorizedError();
  return req.currentUser;
}
