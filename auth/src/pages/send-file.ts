import type { Request, Response } from 'express';
import { answeredByETag } from '../middlewares/if-none-match';
import type { EncodedFile } from './page-files';

const encodings = ['br', 'gzip'] as const;

/** Sends a file in the best encoding that the browser accepts. */
export function sendFile(req: Request, res: Response, file: EncodedFile, etag?: string): void {
  const encoding = encodings.find((name) => req.acceptsEncodings(name)) ?? 'identity';
  res.vary('Accept-Encoding');
  if (etag !== undefined && answeredByETag(req, res, `"${etag}-${encoding}"`)) return;
  res.set('Content-Type', file.type);
  if (encoding !== 'identity') res.set('Content-Encoding', encoding);
  res.send(file[encoding]);
}
