import type { Request, RequestHandler } from 'express';
import { ForbiddenError } from '../errors/forbidden-error';

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Refuses a state-changing request that a browser sends for another site's page (CSRF; ASVS 3.5.1, by Fetch Metadata
 * and Origin). Callers that are no browser send neither header, and have no cookie to be abused.
 */
export const sameOrigin =
  (publicUrl: URL): RequestHandler =>
  (req, _res, next) => {
    if (!safeMethods.has(req.method) && isForeign(req, publicUrl)) throw new ForbiddenError();
    next();
  };

function isForeign(req: Request, publicUrl: URL): boolean {
  if (req.get('Sec-Fetch-Site') === 'cross-site') return true;
  const origin = req.get('Origin');
  if (origin === undefined || origin === publicUrl.origin) return false;
  return origin !== `${req.protocol}://${req.get('Host') ?? ''}`;
}
