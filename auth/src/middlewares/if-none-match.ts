import type { Request, Response } from 'express';

/**
 * Says which version of a response may be stored. Where the caller has it already, the answer is 304 without a body.
 * @param tag a strong ETag, with its quotes
 * @returns whether it was answered
 */
export function answeredByETag(req: Request, res: Response, tag: string): boolean {
  res.set('ETag', tag);
  if (res.statusCode !== 200 || !isKnown(req, tag)) return false;
  res.status(304).end();
  return true;
}

/** From the headers as they came, because no other response has a use for this one (see security-headers.ts). */
function isKnown({ headersDistinct, headers }: Request, tag: string): boolean {
  // As Express does it.
  if (/(?:^|,)\s*no-cache\s*(?:,|$)/.test(headers['cache-control'] ?? '')) return false;
  const known = (headersDistinct['if-none-match'] ?? []).flatMap((list) => list.split(','));
  // A proxy that compresses makes an ETag weak, and they are compared as weak ones (RFC 9110, section 13.1.2).
  return known.some((given) => [tag, '*'].includes(given.trim().replace(/^W\//, '')));
}
