import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { RequestHandler } from 'express';
import helmet from 'helmet';

const setByHelmet = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
  },
  referrerPolicy: { policy: 'no-referrer' },
  xFrameOptions: { action: 'deny' },
});

/** Security headers of every response (ASVS 3.4). A response is JSON for one caller: never a page, never cached. */
export const securityHeaders = { ...headersOf(setByHelmet), 'Cache-Control': 'no-store' };

const headerList = Object.entries(securityHeaders);

/** Sets the security headers. A response that nobody may store has no "304 Not Modified" either. */
export const withSecurityHeaders: RequestHandler = (req, res, next) => {
  for (const [name, value] of headerList) res.setHeader(name, value);
  // Express would answer 304 to `If-None-Match: *`. Where a response may be stored, see if-none-match.ts.
  delete req.headers['if-none-match'];
  next();
};

/** What a middleware sets on each response, for the responses that no middleware sees. */
function headersOf(middleware: typeof setByHelmet): Record<string, string> {
  const headers: Record<string, string> = {};
  const req = new IncomingMessage(new Socket());
  const res = new ServerResponse(req);
  res.setHeader = (name, value) => {
    headers[name] = String(value);
    return res;
  };
  middleware(req, res, () => undefined);
  return headers;
}
