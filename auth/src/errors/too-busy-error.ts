import { CustomError } from './custom-error';

/** All slots for password hashing are busy, and the queue is full. */
export class TooBusyError extends CustomError {
  override readonly headers = { 'Retry-After': '1' };

  constructor() {
    super('too_busy');
  }
}
