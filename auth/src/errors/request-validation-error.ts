import type { ValidationError } from 'express-validator';
import { CustomError, type SerializedError } from './custom-error';

/** One entry for each field at fault. The value that was sent is never repeated. */
export class RequestValidationError extends CustomError {
  readonly statusCode = 400;

  constructor(private readonly failures: readonly ValidationError[]) {
    super('Invalid request');
  }

  override serializeErrors(): SerializedError[] {
    return this.failures.map((failure) => ({
      message: String(failure.msg),
      ...(failure.type === 'field' && { field: failure.path }),
    }));
  }
}
