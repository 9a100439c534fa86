import type { Request, RequestHandler } from 'express';
import { ForeignOriginError } from '../errors/foreign-origin-error';

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

export interface OwnOrigins {
  /** The service's address in a browser. Only pages of its origin may change state. */
  publicUrl: URL;
  /** In production only PUBLIC_URL counts. Elsewhere the host that the request was sent to does too. */
  production: boolean;
}

/**
 * Refuses state-changing requests that a browser sends for another site (CSRF, ASVS 3.5.1). It checks the Fetch
 * Metadata and Origin headers. Other clients send neither, and no foreign page can make them send a cookie.
 */
export const sameOrigin =
  (own: OwnOrigins): RequestHandler =>
  (req, _res, next) => {
    if (!safeMethods.has(req.method) && isForeign(req, own)) throw new ForeignOriginError(namedOrigin(req));
    next();
  };

function isForeign(req: Request, { publicUrl, production }: OwnOrigins): boolean {
  const site = req.get('Sec-Fetch-Site');
  if (site === 'cross-site') return true;
  const origin = req.get('Origin');
  if (origin === undefined || origin === publicUrl.origin) return false;
  // A page that hides its address, as with `Referrer-Policy: no-referrer`. No page can set Sec-Fetch-Site itself.
  if (origin === 'null') return site !== 'same-origin';
  // Without the scheme, because TLS may end at a proxy of the developer's.
  return production || namedOrigin(req)?.replace(/^https?:\/\//, '') !== req.get('Host');
}

const maxOriginLength = 100;

/** The origin in the request, if it is well-formed and short enough to repeat. */
function namedOrigin(req: Request): string | undefined {
  const origin = req.get('Origin') ?? '';
  if (origin === 'null') return origin;
  const isOrigin = origin.length <= maxOriginLength && /^https?:/.test(origin) && URL.canParse(origin);
  return isOrigin && new URL(origin).origin === origin ? origin : undefined;
}
