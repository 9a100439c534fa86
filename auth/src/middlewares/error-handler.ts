import { STATUS_CODES } from 'node:http';
import type { ErrorRequestHandler } from 'express';
import { CustomError, type SerializedError } from '../errors/custom-error';
import { DatabaseConnectionError } from '../errors/database-connection-error';
import { isUnavailable } from '../models/database';

interface Answer {
  statusCode: number;
  headers?: Readonly<Record<string, string>>;
  errors: SerializedError[];
}

/** The one place where a failure becomes an answer. What the caller need not know is in the log only. */
export const errorHandler: ErrorRequestHandler = (error: unknown, req, res, next) => {
  if (res.headersSent) {
    next(error);
    return;
  }
  const { statusCode, headers = {}, errors } = answerTo(error);
  if (statusCode >= 500) req.log.error({ err: error }, errors[0]?.message);
  res.status(statusCode).set(headers).send({ errors });
};

function answerTo(error: unknown): Answer {
  if (error instanceof CustomError) {
    return { statusCode: error.statusCode, headers: error.headers, errors: error.serializeErrors() };
  }
  if (isUnavailable(error)) return answerTo(new DatabaseConnectionError(error));
  const statusCode = clientErrorStatus(error);
  if (statusCode !== undefined) return { statusCode, errors: [{ message: plainMessage(error, statusCode) }] };
  return { statusCode: 500, errors: [{ message: 'Something went wrong' }] };
}

/** Express and its body parser mark what the caller did wrong with a 4xx status. */
function clientErrorStatus(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('status' in error)) return undefined;
  const { status } = error;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : undefined;
}

// Their own messages repeat what was sent.
function plainMessage(error: unknown, statusCode: number): string {
  const type = error instanceof Error && 'type' in error ? error.type : undefined;
  if (type === 'entity.parse.failed') return 'Body is not valid JSON';
  return STATUS_CODES[statusCode] ?? 'Bad Request';
}
