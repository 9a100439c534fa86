import type { Request, RequestHandler } from 'express';
import { beforeHead, cookiesNamed } from './cookies';

declare module 'express-serve-static-core' {
  interface Request {
    /** What the `device` cookie of the response is to hold. */
    newDevice?: string;
  }
}

const yearMs = 365 * 24 * 60 * 60 * 1000;

/**
 * Writes the `device` cookie, which tells an account's own browsers from others (decision 19). It comes after the
 * session's cookie, so this middleware must run before that one's.
 * @param publicUrl if it is https, the cookie is Secure, whatever the request's connection and headers are
 */
export const deviceCookie =
  (publicUrl: URL): RequestHandler =>
  (req, res, next) => {
    beforeHead(res, () => {
      if (req.newDevice === undefined) return;
      res.cookie('device', req.newDevice, {
        httpOnly: true,
        sameSite: 'lax',
        path: '/api/users',
        secure: publicUrl.protocol === 'https:' || req.secure,
        maxAge: yearMs,
      });
    });
    next();
  };

/**
 * What the request's `device` cookie holds: up to five values of 128 bits. Undefined where there is none of that form,
 * as from another application on the same host, or where there are two: one of them may have been planted.
 */
export function deviceOf(req: Request): string | undefined {
  const values = cookiesNamed('device', req).filter((value) => wellFormed.test(value));
  return values.length === 1 ? values[0] : undefined;
}

const wellFormed = /^[\w-]{22}(?:\.[\w-]{22}){0,4}$/;
