import { CustomError } from './custom-error';

/** What is asked for can't be done to the state that things are in (RFC 9110, section 15.5.10). */
export class ConflictError extends CustomError {
  readonly statusCode = 409;
}
