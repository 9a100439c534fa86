import type { Request, Response } from 'express';
import type { EncodedFile } from './page-files';

const encodings = ['br', 'gzip'] as const;

/** Sends a file in the best encoding that the browser accepts. */
export function sendFile(req: Request, res: Response, file: EncodedFile, etag?: string): void {
  const encoding = encodings.find((name) => req.acceptsEncodings(name)) ?? 'identity';
  res.vary('Accept-Encoding');
  if (etag !== undefined) {
    const tag = `"${etag}-${encoding}"`;
    res.set('ETag', tag);
    if (res.statusCode === 200 && isKnown(req, tag)) {
      res.status(304).end();
      return;
    }
  }
  res.set('Content-Type', file.type);
  if (encoding !== 'identity') res.set('Content-Encoding', encoding);
  res.send(file[encoding]);
}

/** From the headers as they came, because those of the JSON API have no If-None-Match (see security-headers.ts). */
function isKnown({ headersDistinct }: Request, tag: string): boolean {
  const known = (headersDistinct['if-none-match'] ?? []).flatMap((list) => list.split(','));
  // A proxy that compresses makes an ETag weak, and they are compared as weak ones (RFC 9110, section 13.1.2).
  return known.some((given) => [tag, '*'].includes(given.trim().replace(/^W\//, '')));
}
