import { isUtf8 } from 'node:buffer';
import express, { Router, type Request, type RequestHandler } from 'express';
import { BadRequestError } from '../errors/bad-request-error';
import { UnsupportedMediaTypeError } from '../errors/unsupported-media-type-error';
import { inputLimits } from '../input-limits';
import { emptyBody } from './empty-body';

/** Parses a JSON body of at most 16 KiB in UTF-8 (RFC 8259, section 8.1). Every other body is refused. */
export function jsonBody(): RequestHandler {
  const parse = Router().use(emptyBody, onlyJson, parseJson);
  return (req, res, next) => {
    if (isBodyless(req)) {
      req.body = {};
      next();
    } else parse(req, res, next);
  };
}

/** RFC 9112, section 6.3. */
const isBodyless = ({ headers }: Request): boolean =>
  headers['transfer-encoding'] === undefined && headers['content-length'] === undefined;

const onlyJson: RequestHandler = (req, _res, next) => {
  // `req.is` returns false for a body of another type or without a type, and null for no body.
  if (req.is('application/json') === false) throw new UnsupportedMediaTypeError();
  next();
};

const parseJson = express.json({
  limit: inputLimits.bodyBytes,
  verify: (_req, _res, body) => {
    // Decoding replaces each invalid byte with U+FFFD, so different passwords could become equal.
    if (!isUtf8(body)) throw new BadRequestError('malformed_json', undefined, 'Body is not UTF-8');
  },
});
