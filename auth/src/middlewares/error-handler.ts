import type { ErrorRequestHandler } from 'express';
import { CallerGoneError } from '../errors/caller-gone-error';
import { CustomError, errorEntry, type SerializedError } from '../errors/custom-error';
import { DatabaseConnectionError } from '../errors/database-connection-error';
import { errorCodes, type ErrorCode } from '../errors/error-codes';
import { isUnavailable } from '../models/database';
import { logFailure } from './request-log';

interface ErrorResponse {
  statusCode: number;
  headers?: Readonly<Record<string, string>>;
  errors: SerializedError[];
}

/** Turns every error into a response. Details that the caller must not see go to the log only. */
export const errorHandler: ErrorRequestHandler = (error: unknown, req, res, next) => {
  if (error instanceof CallerGoneError) return;
  const { statusCode, headers = {}, errors } = responseTo(error);
  if (statusCode >= 500) logFailure(error, statusCode, { req, res });
  if (!res.headersSent) {
    res.status(statusCode).set(headers).send({ errors });
    return;
  }
  if (!res.writableEnded) res.destroy();
  // Without the error, which Express would print.
  next();
};

function responseTo(error: unknown): ErrorResponse {
  if (error instanceof CustomError) {
    return { statusCode: error.statusCode, headers: error.headers, errors: error.serializeErrors() };
  }
  if (isUnavailable(error)) return responseTo(new DatabaseConnectionError(error));
  const { code, message } = requestFault(error) ?? { code: 'internal' };
  return { statusCode: errorCodes[code].status, errors: [errorEntry(code, message)] };
}

interface RequestFault {
  code: ErrorCode;
  message?: string;
}

// What Express and its body parser refuse. Their own messages repeat parts of the request.
const faultsByType: Readonly<Record<string, RequestFault>> = {
  'entity.parse.failed': { code: 'malformed_json' },
  'entity.too.large': { code: 'body_too_large' },
  'charset.unsupported': { code: 'unsupported_media_type', message: 'Charset must be UTF-8' },
  'encoding.unsupported': { code: 'unsupported_media_type', message: 'Content-Encoding is not supported' },
};

/** The answer to an error for which Express and its body parser blame the request, with a 4xx status of theirs. */
function requestFault(error: unknown): RequestFault | undefined {
  if (!(error instanceof Error) || !('status' in error)) return undefined;
  const { status } = error;
  if (typeof status !== 'number' || status < 400 || status >= 500) return undefined;
  const known = 'type' in error && typeof error.type === 'string' ? faultsByType[error.type] : undefined;
  return known ?? { code: 'bad_request' };
}
