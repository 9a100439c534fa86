import { CustomError, type SerializedError } from './custom-error';

export class BadRequestError extends CustomError {
  readonly statusCode = 400;

  constructor(
    message: string,
    private readonly field?: string,
  ) {
    super(message);
  }

  override serializeErrors(): SerializedError[] {
    return [{ message: this.message, ...(this.field !== undefined && { field: this.field }) }];
  }
}
