import type { RequestHandler } from 'express';
import type { LiveSession } from '../models/session';
import type { Sessions } from '../services/sessions';
import { sessionJwt } from './session-cookie';

declare module 'express-serve-static-core' {
  interface Request {
    /** Who is signed in, and by which session; set by `currentUser`. */
    currentUser?: LiveSession;
  }
}

/** Finds out who is signed in. Nobody is a good answer; `requireAuth` is what refuses it. */
export const currentUser =
  (sessions: Sessions): RequestHandler =>
  async (req, _res, next) => {
    const live = await sessions.authenticate(sessionJwt(req));
    if (live) req.currentUser = live;
    next();
  };
