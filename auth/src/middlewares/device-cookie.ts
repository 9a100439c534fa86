import type { Request, Response } from 'express';
import { beforeHead, cookiesNamed } from './cookies';

const yearMs = 365 * 24 * 60 * 60 * 1000;

/**
 * Sets the `device` cookie, which tells an account's own browsers from others (decision 19). For it to come after the
 * session's cookie it must be set before that one.
 */
export function setDeviceCookie(req: Request, res: Response, device: string): void {
  beforeHead(res, () => {
    res.cookie('device', device, {
      httpOnly: true,
      sameSite: 'lax',
      path: '/api/users',
      secure: req.setsSecureCookies,
      maxAge: yearMs,
    });
  });
}

/**
 * What the request's `device` cookie holds: up to five values of 128 bits. Undefined where there is none of that form,
 * as from another application on the same host, or where there are two: one of them may have been planted.
 */
export function deviceOf(req: Request): string | undefined {
  const values = cookiesNamed('device', req).filter((value) => wellFormed.test(value));
  return values.length === 1 ? values[0] : undefined;
}

const wellFormed = /^[\w-]{22}(?:\.[\w-]{22}){0,4}$/;
