import { CustomError } from './custom-error';

/** The user has changed since the version that the caller saw (RFC 9110, section 15.5.10). */
export class StaleVersionError extends CustomError {
  constructor() {
    super('stale_version');
  }
}
