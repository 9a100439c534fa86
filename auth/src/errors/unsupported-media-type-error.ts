import { CustomError } from './custom-error';

export class UnsupportedMediaTypeError extends CustomError {
  constructor() {
    super('unsupported_media_type');
  }
}
