import type { Request, RequestHandler, Response } from 'express';

declare module 'express-serve-static-core' {
  interface Request {
    /** Whether cookies of the response are Secure. */
    setsSecureCookies: boolean;
  }
}

/** @param publicUrl if it is https, cookies are Secure, whatever the request's connection and headers are */
export const cookieSecurity =
  (publicUrl: URL): RequestHandler =>
  (req, _res, next) => {
    req.setsSecureCookies = publicUrl.protocol === 'https:' || req.secure;
    next();
  };

/** The values of the request's cookies of that name, as they were sent. */
export function cookiesNamed(name: string, req: Request): string[] {
  const cookies = (req.get('Cookie') ?? '').split(';').map((cookie) => cookie.trim());
  return cookies
    .filter((cookie) => cookie.startsWith(`${name}=`))
    .map((cookie) => cookie.slice(name.length + 1));
}

/** Does something to the headers of a response when it begins: of several, the one that was asked for last comes first. */
export function beforeHead(res: Response, work: () => void): void {
  const writeHead = res.writeHead.bind(res) as (...args: unknown[]) => typeof res;
  res.writeHead = (...args: unknown[]) => {
    work();
    return writeHead(...args);
  };
}
