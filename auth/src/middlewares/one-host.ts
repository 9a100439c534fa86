import type { RequestHandler } from 'express';
import { BadRequestError } from '../errors/bad-request-error';

/** Refuses requests without a Host header, or with several (RFC 9112, section 3.2). HTTP/1.0 needs none. */
export const oneHost: RequestHandler = (req, res, next) => {
  const count = req.headersDistinct['host']?.length ?? 0;
  if (count > 1 || (count === 0 && req.httpVersion !== '1.0')) {
    res.set('Connection', 'close');
    throw new BadRequestError('bad_request', undefined, 'Exactly one Host header is needed');
  }
  next();
};
