import { CustomError, type SerializedError } from './custom-error';
import type { CodeOf } from './error-codes';

export class BadRequestError extends CustomError {
  constructor(
    code: CodeOf<400>,
    private readonly field?: string,
    message?: string,
  ) {
    super(code, { message });
  }

  override serializeErrors(): SerializedError[] {
    const { field } = this;
    return super.serializeErrors().map((error) => (field === undefined ? error : { ...error, field }));
  }
}
