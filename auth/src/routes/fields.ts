import { body, type ValidationChain } from 'express-validator';

const leastPassword = 8;
const mostPassword = 128;
const mostName = 100;

/**
 * An e-mail address, normalised: trimmed and in lower case. Only ASCII gets that far, so NFKC has nothing left to
 * change, and look-alikes (fullwidth letters, a dotless i) are refused rather than folded into somebody's address.
 */
export const email = (): ValidationChain =>
  body('email', 'Email must be valid')
    .isString()
    .bail()
    .trim()
    .isLength({ max: 254 })
    .bail()
    .matches(/^[!-?A-~]+@[!-?A-~]+$/)
    .bail()
    .isEmail()
    .toLowerCase();

/** A password to be set: 8 to 128 code points (ASVS 6.2.1, 6.2.9), never trimmed or folded. */
export const newPassword = (): ValidationChain =>
  body('password', `Password must be between ${leastPassword} and ${mostPassword} characters`)
    .isString()
    .bail()
    // In UTF-8 every lone surrogate becomes the same character, and so would passwords that differ in them.
    .custom((password: string) => password.isWellFormed())
    .bail()
    .custom((password: string) => isWithin(password, leastPassword, mostPassword));

/** A password to be compared: any string will do, so that each wrong one gets the same answer. */
export const givenPassword = (): ValidationChain => body('password', 'You must supply a password').isString();

/** What a person wants to be called: at most 100 code points, without control characters. */
export const name = (): ValidationChain =>
  body('name', `Name must be between 1 and ${mostName} characters`)
    .optional()
    .isString()
    .bail()
    .trim()
    .custom(
      (value: string) => value.isWellFormed() && !/\p{Cc}/u.test(value) && isWithin(value, 1, mostName),
    );

const isWithin = (text: string, least: number, most: number): boolean => {
  const { length } = Array.from(text);
  return length >= least && length <= most;
};
