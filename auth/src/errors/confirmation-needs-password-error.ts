import { CustomError } from './custom-error';

/** The token alone does not prove that its bearer holds the account: somebody else may have created it. */
export class ConfirmationNeedsPasswordError extends CustomError {
  constructor() {
    super('confirmation_needs_password');
  }
}
