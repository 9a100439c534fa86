import { CustomError } from './custom-error';

export class DatabaseConnectionError extends CustomError {
  readonly statusCode = 503;
  override readonly headers = { 'Retry-After': '2' };

  constructor(cause: unknown) {
    super('Database not reachable', { cause });
  }
}
