import { CustomError } from './custom-error';

export class ForbiddenError extends CustomError {
  constructor() {
    super('forbidden');
  }
}
