import { CustomError } from './custom-error';

export class ForbiddenError extends CustomError {
  readonly statusCode = 403;

  constructor() {
    super('Forbidden');
  }
}
