import type { RequestHandler } from 'express';
import { ForbiddenError } from '../errors/forbidden-error';
import type { Role } from '../models/user';
import type { Audit } from '../services/audit/audit';
import { callerOf } from './caller';
import { signedIn } from './require-auth';

/** Refuses callers whose stored role is another one, whatever their JWT says. It must run after `currentUser`. */
export const requireRole =
  (role: Role, audit: Audit): RequestHandler =>
  (req, _res, next) => {
    const { user } = signedIn(req);
    if (user.role !== role) {
      audit.refuse('admin-request', callerOf(req), user._id);
      throw new ForbiddenError();
    }
    next();
  };
