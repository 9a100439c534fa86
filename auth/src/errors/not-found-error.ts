import { CustomError } from './custom-error';

export class NotFoundError extends CustomError {
  constructor() {
    super('not_found');
  }
}
