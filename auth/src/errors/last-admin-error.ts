import { CustomError } from './custom-error';

/** The change would leave no enabled admin (decision 8). */
export class LastAdminError extends CustomError {
  constructor() {
    super('last_admin');
  }
}
