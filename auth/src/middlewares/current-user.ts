import type { RequestHandler } from 'express';
import type { LiveSession } from '../models/session';
import type { Sessions } from '../services/sessions/sessions';
import { sessionJwts } from './session-cookie';

declare module 'express-serve-static-core' {
  interface Request {
    /** The signed-in user and the session, set by `currentUser`; undefined if nobody is signed in. */
    currentUser?: LiveSession;
  }
}

/** Sets `req.currentUser` if somebody is signed in. It refuses nobody; `requireAuth` does that. */
export const currentUser =
  (sessions: Sessions): RequestHandler =>
  async (req, _res, next) => {
    // What is changed must not depend on what was so half a second ago.
    const find = ['GET', 'HEAD'].includes(req.method) ? 'find' : 'findNow';
    const live = await sessions.authenticate(sessionJwts(req), find);
    if (live) req.currentUser = live;
    next();
  };
