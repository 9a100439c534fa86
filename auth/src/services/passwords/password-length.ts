import type { CodeOf } from '../../errors/error-codes';
import { charactersIn, inputLimits } from '../../input-limits';
import { normalForm } from './normal-form';

/** The first of the rules for every new password that this one breaks (ASVS 6.2.1, 6.2.9). */
export function brokenLengthRule(password: string): CodeOf<400> | undefined {
  // UTF-8 encodes every lone surrogate as the same character, so different passwords would match.
  if (!password.isWellFormed()) return 'password_not_unicode';
  const length = charactersIn(normalForm(password));
  const { passwordMinCharacters, passwordMaxCharacters } = inputLimits;
  return length < passwordMinCharacters || length > passwordMaxCharacters ? 'password_length' : undefined;
}
