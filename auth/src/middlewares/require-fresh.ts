import type { Request, RequestHandler } from 'express';
import { FreshAuthenticationRequiredError } from '../errors/fresh-authentication-required-error';
import type { LiveSession } from '../models/session';
import type { Audit } from '../services/audit/audit';
import type { Sessions } from '../services/sessions/sessions';
import { callerOf } from './caller';
import { signedIn } from './require-auth';

/**
 * Refuses callers to whose session no password was given recently, so that a stolen session can't do what matters (ASVS
 * 7.5). It must run after `requireAuth` and `requireRole`.
 * @param isExempt which requests do not matter
 */
export const requireFresh =
  (
    sessions: Sessions,
    audit: Audit,
    isExempt?: (req: Request, live: LiveSession) => boolean,
  ): RequestHandler =>
  (req, _res, next) => {
    const live = signedIn(req);
    if (!isExempt?.(req, live) && !sessions.isFresh(live.session)) {
      audit.refuse('fresh-authentication', callerOf(req), live.user._id);
      throw new FreshAuthenticationRequiredError();
    }
    next();
  };
