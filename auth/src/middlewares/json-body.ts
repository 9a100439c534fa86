import { isUtf8 } from 'node:buffer';
import express, { type RequestHandler } from 'express';
import { BadRequestError } from '../errors/bad-request-error';
import { UnsupportedMediaTypeError } from '../errors/unsupported-media-type-error';

const mostBytes = 16 * 1024;

/** Reads a JSON body of at most 16 KiB, in UTF-8 as RFC 8259 (section 8.1) asks; every other body is refused. */
export const jsonBody = (): RequestHandler[] => [
  (req, _res, next) => {
    // False is a body of another type, or of none; null is no body. `Content-Length: 0`, as fetch sends it, is none either.
    if (req.is('application/json') === false && req.get('Content-Length') !== '0')
      throw new UnsupportedMediaTypeError();
    next();
  },
  express.json({
    limit: mostBytes,
    verify: (_req, _res, body) => {
      // Decoding would turn each broken byte into U+FFFD, and so two passwords into one.
      if (!isUtf8(body)) throw new BadRequestError('Body is not UTF-8');
    },
  }),
];
