import { createHash } from 'node:crypto';
import type { RequestHandler } from 'express';
import type { KeyRing } from '../../services/keys/key-ring';

/** GET /api/users/.well-known/jwks.json: the public keys with which anybody verifies JWTs (RFC 7517, section 5). */
export const showKeys =
  (ring: KeyRing): RequestHandler =>
  async (req, res) => {
    const body = JSON.stringify({ keys: await ring.published() });
    const etag = `"${createHash('sha256').update(body).digest('base64url')}"`;
    res.set({ 'Cache-Control': `public, max-age=${ring.maxAgeSeconds}`, ETag: etag });
    if (req.fresh) res.status(304).end();
    else res.type('json').send(body);
  };
