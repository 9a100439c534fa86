import cookieSession from 'cookie-session';
import type { Request, RequestHandler } from 'express';

/**
 * The `session` cookie: `{"jwt":"…"}`, unsigned because the JWT is. `secure` is left open on purpose: the cookie is
 * Secure where the request came over TLS, which behind a proxy is what a trusted X-Forwarded-Proto says.
 */
export const sessionCookie = (): RequestHandler =>
  cookieSession({ name: 'session', signed: false, httpOnly: true, sameSite: 'lax', path: '/' });

/** The JWT that the cookie carries, not yet verified. */
export function sessionJwt(req: Request): string | undefined {
  const jwt: unknown = req.session?.['jwt'];
  return typeof jwt === 'string' ? jwt : undefined;
}
