import type { CodeOf } from '../../errors/error-codes';
import { brokenShapeRule } from '../../password-shape';

/** The first of the rules for every new password that this one breaks (ASVS 6.2.1, 6.2.9). */
export function brokenLengthRule(password: string): CodeOf<400> | undefined {
  // UTF-8 encodes every lone surrogate as the same character, so different passwords would match.
  if (!password.isWellFormed()) return 'password_not_unicode';
  return brokenShapeRule(password, 'default', { email: '', productName: '' });
}
