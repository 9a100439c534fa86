import { createHash } from 'node:crypto';
import type { RequestHandler } from 'express';
import { answeredByETag } from '../../middlewares/if-none-match';
import type { KeyRing } from '../../services/keys/key-ring';

/** GET /api/users/.well-known/jwks.json: the public keys with which anybody verifies JWTs (RFC 7517, section 5). */
export const showKeys =
  (ring: KeyRing): RequestHandler =>
  async (req, res) => {
    const body = JSON.stringify({ keys: await ring.published() });
    const etag = `"${createHash('sha256').update(body).digest('base64url')}"`;
    res.set('Cache-Control', `public, max-age=${ring.maxAgeSeconds}`);
    if (!answeredByETag(req, res, etag)) res.type('json').send(body);
  };
