import type { RequestHandler } from 'express';
import { BadRequestError } from '../errors/bad-request-error';

/** Refuses requests without a Host header, or with several (RFC 9112, section 3.2). HTTP/1.0 needs none. */
export const oneHost: RequestHandler = (req, res, next) => {
  const count = countOfHosts(req.rawHeaders);
  if (count > 1 || (count === 0 && req.httpVersion !== '1.0')) {
    res.set('Connection', 'close');
    throw new BadRequestError('bad_request', undefined, 'Exactly one Host header is needed');
  }
  next();
};

/** @param rawHeaders names and values in turn. `headersDistinct` would sort all of them, for each request. */
function countOfHosts(rawHeaders: readonly string[]): number {
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2)
    if (rawHeaders[index]?.length === 4 && rawHeaders[index]?.toLowerCase() === 'host') count += 1;
  return count;
}
