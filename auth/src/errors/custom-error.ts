export interface SerializedError {
  message: string;
  /** The one input at fault, where there is one. */
  field?: string;
}

/** A failure that may be told to the caller. Everything else is answered with a plain 500. */
export abstract class CustomError extends Error {
  abstract readonly statusCode: number;
  /** Response headers that belong to the failure, such as Retry-After. */
  readonly headers: Readonly<Record<string, string>> = {};

  /** What the caller reads: the entries of `{"errors":[…]}`. */
  serializeErrors(): SerializedError[] {
    return [{ message: this.message }];
  }
}
