import { errorCodes, type ErrorCode } from './error-codes';

export interface SerializedError {
  message: string;
  /** A stable name for programs. */
  code: ErrorCode;
  /** The name of the invalid input, if a single input is at fault. */
  field?: string;
}

/** An entry of `{"errors":[…]}`. */
export const errorEntry = (code: ErrorCode, message: string = errorCodes[code].message): SerializedError => ({
  message,
  code,
});

/** An error that the caller may see. The response to every other error is a plain 500. */
export abstract class CustomError extends Error {
  readonly statusCode: number;
  /** Response headers of this error, such as Retry-After. */
  readonly headers: Readonly<Record<string, string>> = {};

  constructor(
    readonly code: ErrorCode,
    options: { message?: string | undefined; cause?: unknown } = {},
  ) {
    super(options.message ?? errorCodes[code].message, options);
    this.statusCode = errorCodes[code].status;
  }

  /** The entries of `{"errors":[…]}` in the response. */
  serializeErrors(): SerializedError[] {
    return [errorEntry(this.code, this.message)];
  }
}
