import { CustomError } from './custom-error';

/** The session is alive, but its password was given too long ago for what the request does (ASVS 7.5). */
export class FreshAuthenticationRequiredError extends CustomError {
  constructor() {
    super('fresh_authentication_required');
  }
}
