import type { RequestHandler } from 'express';
import { ForbiddenError } from '../errors/forbidden-error';
import type { Role } from '../models/user';
import { signedIn } from './require-auth';

/** Lets only callers pass who have that role now, whatever their JWT says; stands behind `currentUser`. */
export const requireRole =
  (role: Role): RequestHandler =>
  (req, _res, next) => {
    if (signedIn(req).user.role !== role) throw new ForbiddenError();
    next();
  };
