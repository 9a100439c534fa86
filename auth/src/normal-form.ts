import { inputLimits } from './input-limits';

// NFC makes at most four code points one, and a code point has at most two UTF-16 units. A longer text is too long in
// every form, and is not normalised: the time for that grows with the square of the length.
const maxUnits = inputLimits.passwordMaxCharacters * 4 * 2;

/**
 * The form in which a password is counted, held to the rules and hashed: Unicode's NFC (UAX #15). Keyboards and systems
 * differ in the form that they send, so that `é` may be one code point or two.
 */
export const normalForm = (password: string): string =>
  password.length > maxUnits ? password : password.normalize('NFC');
