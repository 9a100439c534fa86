import { CustomError } from './custom-error';

export class DatabaseConnectionError extends CustomError {
  override readonly headers = { 'Retry-After': '2' };

  constructor(cause: unknown) {
    super('database_unavailable', { cause });
  }
}
