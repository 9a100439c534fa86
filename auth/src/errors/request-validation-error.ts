import type { ValidationError } from 'express-validator';
import { CustomError, errorEntry, type SerializedError } from './custom-error';
import { Problem } from './problem';

/** Has one entry for each invalid field. */
export class RequestValidationError extends CustomError {
  readonly #errors: SerializedError[];

  /** @throws {TypeError} where the message of a rule is not a `Problem` */
  constructor(failures: readonly ValidationError[]) {
    super('bad_request');
    this.#errors = failures.map((failure) => {
      const problem: unknown = failure.msg;
      if (!(problem instanceof Problem)) throw new TypeError('A rule for an input has no code');
      const entry = errorEntry(problem.code, problem.message);
      return failure.type === 'field' ? { ...entry, field: failure.path } : entry;
    });
  }

  override serializeErrors(): SerializedError[] {
    return this.#errors;
  }
}
