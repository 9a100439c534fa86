import { isUtf8 } from 'node:buffer';
import express, { type RequestHandler } from 'express';
import { BadRequestError } from '../errors/bad-request-error';
import { UnsupportedMediaTypeError } from '../errors/unsupported-media-type-error';
import { inputLimits } from '../input-limits';
import { emptyBody } from './empty-body';

/** Parses a JSON body of at most 16 KiB in UTF-8 (RFC 8259, section 8.1). Every other body is refused. */
export const jsonBody = (): RequestHandler[] => [
  emptyBody,
  (req, _res, next) => {
    // `req.is` returns false for a body of another type or without a type, and null for no body.
    if (req.is('application/json') === false) throw new UnsupportedMediaTypeError();
    next();
  },
  express.json({
    limit: inputLimits.bodyBytes,
    verify: (_req, _res, body) => {
      // Decoding replaces each invalid byte with U+FFFD, so different passwords could become equal.
      if (!isUtf8(body)) throw new BadRequestError('malformed_json', undefined, 'Body is not UTF-8');
    },
  }),
];
