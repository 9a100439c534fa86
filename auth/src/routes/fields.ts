import { body, query, type ValidationChain } from 'express-validator';
import type { CodeOf } from '../errors/error-codes';
import { Problem } from '../errors/problem';
import { inputLimits } from '../input-limits';
import { auditActions, auditOutcomes } from '../models/audit-actions';
import type { Profile } from '../models/profile';
import { roles } from '../models/user';
import { brokenLengthRule } from '../services/passwords/password-length';
import { brokenEmailRule } from './email-rules';
import { brokenNameRule } from './name-rules';

/** A new e-mail address, trimmed and in lower case. */
export const email = (): ValidationChain =>
  obeying(field('email', 'email_invalid').isString().bail().trim(), brokenEmailRule)
    .bail()
    .isEmail()
    .toLowerCase();

/**
 * The address of an account that is there: also one that another service has stored in a form that a new address can't
 * have. It is trimmed and written in lower case as when that account was adopted.
 */
export const givenEmail = (): ValidationChain =>
  field('email', 'email_invalid')
    .isString()
    .bail()
    .customSanitizer(adopted)
    .custom((value: string) => value.includes('@') && isStorable(value));

const adopted = (value: string): string => value.trim().toLowerCase();

const isStorable = (value: string): boolean =>
  value.length <= inputLimits.emailCharacters && value.isWellFormed() && !/\p{Cc}/u.test(value);

/** A new password: 8 to 128 code points (ASVS 6.2.1, 6.2.9), never trimmed or folded. */
export const newPassword = (): ValidationChain =>
  obeying(field('password', 'password_required').isString().bail(), brokenLengthRule);

/** A password to compare. Any string is accepted, so that every wrong one gets the same answer. */
export const givenPassword = (): ValidationChain => field('password', 'password_required').isString();

/** A password that some links need beside their token. Its rules depend on the link. */
export const passwordIfGiven = (): ValidationChain => givenPassword().optional();

/** The fields of a user's profile, each with its rule for a value. */
const profileRules: Record<keyof Profile, () => ValidationChain> = { name };

/** Every field may be absent, and null says that it has no value. */
export const profile = (): ValidationChain[] => Object.values(profileRules).map((rule) => rule());

/** What a person wants to be called, trimmed. */
function name(): ValidationChain {
  return obeying(profileField('name', 'name_invalid').isString().bail().trim(), brokenNameRule);
}

/** The present password of a signed-in user, required to set a new one. */
export const currentPassword = (): ValidationChain =>
  field('currentPassword', 'current_password_required').isString();

/** The token of a link in a mail. Any string is accepted: text that is not a token is an unknown token. */
export const token = (): ValidationChain => field('token', 'token_required').isString();

/**
 * The version that the caller saw, so that a change based on an older state is refused.
 * @param isNeeded whether a body needs one; if not, it is not looked at
 */
export const version = (isNeeded: (body: unknown) => boolean = () => true): ValidationChain =>
  field('version', 'version_invalid')
    .if((_value, { req }) => isNeeded(req.body))
    .custom((value: unknown) => Number.isSafeInteger(value) && Number(value) >= 0);

export const role = (): ValidationChain =>
  field('role', 'role_invalid').optional().isString().bail().isIn(roles);

export const disabled = (): ValidationChain =>
  field('disabled', 'disabled_invalid').optional().isBoolean({ strict: true });

/** Which users to list, and where the list continues. */
export const userQuery = (): ValidationChain[] => [
  parameter('email', 'email_prefix_invalid')
    .customSanitizer(adopted)
    .custom((value: string) => value !== '' && isStorable(value)),
  parameter('role', 'role_invalid').isIn(roles),
  ...page(),
];

/** Which entries of the audit trail to list. */
export const auditQuery = (): ValidationChain[] => [
  parameter('user', 'user_invalid').matches(/^[0-9a-f]{24}$/),
  parameter('actor', 'actor_invalid').matches(/^([0-9a-f]{24}|operator)$/),
  parameter('action', 'action_invalid').isIn(Object.keys(auditActions)),
  parameter('outcome', 'outcome_invalid').isIn(auditOutcomes),
  time('from', 'from_invalid'),
  time('to', 'to_invalid'),
  ...page(),
];

/** How much of a list to answer, and where it goes on. */
export const page = (): ValidationChain[] => [
  parameter('limit', 'limit_invalid', String(inputLimits.defaultPageEntries))
    .isInt({ min: 1, max: inputLimits.pageEntries, allow_leading_zeroes: false })
    .toInt(),
  parameter('cursor', 'cursor_invalid').matches(/^[\w-]{16}$/),
];

/** A field of the body, with the code of an error where its rule names no other. */
const field = (path: string, code: CodeOf<400>): ValidationChain => body(path, new Problem(code));

/** A field that need not be there. Its rules are for a value: null is none. */
const profileField = (path: keyof Profile, code: CodeOf<400>): ValidationChain =>
  field(path, code)
    .optional()
    .if((value: unknown) => value !== null);

/** A parameter of the query: text that need not be there. An empty one is none, and then has the default. */
function parameter(path: string, code: CodeOf<400>, byDefault?: string): ValidationChain {
  const chain = query(path, new Problem(code));
  return (byDefault === undefined ? chain.optional({ values: 'falsy' }) : chain.default(byDefault))
    .isString()
    .bail();
}

/** A date, which begins at midnight UTC, or a time with its offset (RFC 3339). */
const time = (path: string, code: CodeOf<400>): ValidationChain =>
  parameter(path, code)
    .matches(/^\d{4}-\d\d-\d\d(T([01]\d|2[0-3]):\d\d:\d\d(\.\d{1,3})?(Z|[+-]\d\d:\d\d))?$/)
    .bail()
    .custom((value: string) => isDay(value.slice(0, 10)) && !Number.isNaN(Date.parse(value)))
    .bail()
    .customSanitizer((value: string) => new Date(value));

/** Whether the calendar has that day: `Date` takes the 31st of February for the 3rd of March. */
function isDay(text: string): boolean {
  const day = new Date(text);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}

/** Adds rules of which the first one that a text breaks is in the response. */
const obeying = (
  chain: ValidationChain,
  brokenBy: (value: string) => Problem | CodeOf<400> | undefined,
): ValidationChain =>
  chain
    .custom((value: string) => brokenBy(value) === undefined)
    .withMessage((value: string) => {
      const broken = brokenBy(value);
      return typeof broken === 'string' ? new Problem(broken) : broken;
    });
