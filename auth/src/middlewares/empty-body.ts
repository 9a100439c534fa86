import type { RequestHandler } from 'express';

/**
 * Takes a body without a byte for no body, whatever its type and encoding are said to be. Clients and proxies frame it
 * as `Content-Length: 0` or as chunks of which the last one is the first (RFC 9112, section 7.1).
 */
export const emptyBody: RequestHandler = (req, _res, next) => {
  const onEnd = (): void => {
    delete req.headers['transfer-encoding'];
    delete req.headers['content-length'];
    next();
  };
  req.once('end', onEnd);
  req.once('data', (first) => {
    req.off('end', onEnd);
    // The parser that comes next reads it again.
    req.pause().unshift(first);
    next();
    req.resume();
  });
};
