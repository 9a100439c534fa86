import { CustomError } from './custom-error';

/** Every place to hash a password in is taken, and so is the queue. */
export class TooBusyError extends CustomError {
  readonly statusCode = 503;
  override readonly headers = { 'Retry-After': '1' };

  constructor() {
    super('Too busy');
  }
}
