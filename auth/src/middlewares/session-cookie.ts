import cookieSession from 'cookie-session';
import type { Request, Response } from 'express';
import type { IssuedJwt } from '../services/sessions/sessions';
import { beforeHead, cookiesNamed } from './cookies';

/**
 * The `session` cookie, which contains `{"jwt":"…"}`. It is not signed, because the JWT is. cookie-session writes it
 * when the response begins; what it has no option for is added then. It is asked only where the cookie changes, since
 * most requests leave the cookie as it is.
 */
const openSession = cookieSession({
  name: 'session',
  signed: false,
  httpOnly: true,
  sameSite: 'lax',
  path: '/',
});

/** Sets the cookie, which lives as long as the session. */
export function setSessionCookie(req: Request, res: Response, { jwt, remainingSeconds }: IssuedJwt): void {
  change(req, res, { jwt }, remainingSeconds);
}

export function clearSessionCookie(req: Request, res: Response): void {
  change(req, res, null, 0);
}

function change(req: Request, res: Response, content: { jwt: string } | null, maxAge: number): void {
  // cookie-session asks after this one, and so sets the cookie before.
  beforeHead(res, () => {
    completeSessionCookie(res, req.setsSecureCookies, maxAge);
  });
  openSession(req, res, () => undefined);
  req.session = content;
  req.sessionOptions.maxAge = maxAge * 1000;
}

/**
 * The JWTs in the request's `session` cookies, not yet verified. There are several if cookies of other paths or domains
 * have the same name, and their order says nothing (RFC 6265, section 4.2.2).
 */
export function sessionJwts(req: Request): string[] {
  return [...new Set(cookiesNamed('session', req).flatMap((value) => jwtIn(value) ?? []))];
}

/** The JWT in a cookie's value, which clients may have percent-encoded or quoted when they passed it on. */
function jwtIn(value: string): string | undefined {
  try {
    const base64 = decodeURIComponent(value).replaceAll('"', '');
    const content: unknown = JSON.parse(Buffer.from(base64, 'base64').toString());
    const isOurs = typeof content === 'object' && content !== null && 'jwt' in content;
    return isOurs && typeof content.jwt === 'string' ? content.jwt : undefined;
  } catch {
    // Another application on the same host may have a cookie of this name. Nobody is signed in by it.
    return undefined;
  }
}

function completeSessionCookie(res: Response, secure: boolean, maxAge: number): void {
  const cookies = [res.getHeader('Set-Cookie') ?? []].flat().map(String);
  if (cookies.length === 0) return;
  res.setHeader(
    'Set-Cookie',
    cookies.map((cookie) => (cookie.startsWith('session=') ? complete(cookie, secure, maxAge) : cookie)),
  );
}

function complete(cookie: string, secure: boolean, maxAge: number): string {
  // Clients that percent-encode values change the padding of base64.
  const unpadded = cookie.replace(/^(session=[^;=]*)=*/, '$1');
  // cookie-session expresses maxAge as Expires, which depends on the browser's clock.
  const lasting = unpadded.startsWith('session=;') ? unpadded : `${unpadded}; max-age=${maxAge}`;
  return secure && !/; secure\b/.test(lasting) ? `${lasting}; secure` : lasting;
}
