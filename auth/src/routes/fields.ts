import { body, query, type ValidationChain } from 'express-validator';
import { roles } from '../models/user';

const leastPassword = 8;
const mostPassword = 128;
const mostName = 100;

/**
 * An e-mail address, normalised: trimmed and in lower case. Only ASCII gets that far, so NFKC has nothing left to
 * change, and look-alikes (fullwidth letters, a dotless i) are refused rather than folded into somebody's address. So
 * is a quoted local part: programs on a mail's way read one differently, and its mail may reach another mailbox.
 */
export const email = (): ValidationChain =>
  body('email', 'Email must be valid')
    .isString()
    .bail()
    .trim()
    .isLength({ max: 254 })
    .bail()
    .matches(/^[!#-?A-~]+@[!#-?A-~]+$/)
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

/** The password that somebody who is signed in has at present, asked for beside the new one. */
export const currentPassword = (): ValidationChain =>
  body('currentPassword', 'You must supply your current password').isString();

/** What came by mail. Any string will do: what is no token is unknown. */
export const token = (): ValidationChain => body('token', 'You must supply a token').isString();

/** The version of what the caller saw, so that a change over an older state is refused. */
export const version = (): ValidationChain =>
  body('version', 'Version must be the number that the user had').custom(
    (value: unknown) => Number.isSafeInteger(value) && Number(value) >= 0,
  );

export const role = (): ValidationChain =>
  body('role', `Role must be one of ${roles.join(', ')}`)
    .optional()
    .isString()
    .bail()
    .isIn(roles);

export const disabled = (): ValidationChain =>
  body('disabled', 'Disabled must be true or false').optional().isBoolean({ strict: true });

const mostListed = 100;

/** Which users are listed, and where the list goes on. */
export const userQuery = (): ValidationChain[] => [
  query('email', 'Email must be what an address begins with')
    .optional()
    .isString()
    .bail()
    .trim()
    .toLowerCase()
    .matches(/^[!-~]{1,254}$/),
  query('role', `Role must be one of ${roles.join(', ')}`)
    .optional()
    .isString()
    .bail()
    .isIn(roles),
  query('limit', `Limit must be a number from 1 to ${mostListed}`)
    .default('50')
    .isString()
    .bail()
    .isInt({ min: 1, max: mostListed, allow_leading_zeroes: false })
    .toInt(),
  query('cursor', 'Cursor must be one that a list ended with')
    .optional()
    .isString()
    .bail()
    .matches(/^[\w-]{16}$/),
];

const isWithin = (text: string, least: number, most: number): boolean => {
  const { length } = Array.from(text);
  return length >= least && length <= most;
};
