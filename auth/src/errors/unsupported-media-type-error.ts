import { CustomError } from './custom-error';

export class UnsupportedMediaTypeError extends CustomError {
  readonly statusCode = 415;

  constructor() {
    super('Content-Type must be application/json');
  }
}
