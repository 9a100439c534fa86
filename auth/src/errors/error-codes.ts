import { inputLimits } from '../input-limits';

const { emailCharacters, nameCharacters, pageEntries, passwordMinCharacters, passwordMaxCharacters } =
  inputLimits;

interface CodeEntry {
  status: number;
  /** What the response says, unless the place that refuses knows more. */
  message: string;
}

/**
 * Every `code` of an error in a response, with its status. Programs rely on codes, so a code never changes its meaning.
 * docs/api.md lists them.
 */
export const errorCodes = {
  bad_request: { status: 400, message: 'Bad Request' },
  malformed_json: { status: 400, message: 'Body is not valid JSON' },
  invalid_credentials: { status: 400, message: 'Invalid credentials' },
  email_in_use: { status: 400, message: 'Email in use' },
  email_not_verified: { status: 400, message: 'Email not verified' },
  invalid_token: { status: 400, message: 'Invalid or expired token' },

  email_invalid: { status: 400, message: 'Email must be valid' },
  email_too_long: { status: 400, message: `Email must be at most ${emailCharacters} characters` },
  email_not_ascii: { status: 400, message: 'Email must have only ASCII characters before the @' },
  email_domain_not_ascii: { status: 400, message: 'Email must have its domain in ASCII, in the xn-- form' },
  password_required: { status: 400, message: 'You must supply a password' },
  password_length: {
    status: 400,
    message: `Password must be between ${passwordMinCharacters} and ${passwordMaxCharacters} characters`,
  },
  password_not_unicode: { status: 400, message: 'Password must be well-formed Unicode' },
  password_common: { status: 400, message: 'Password is too common' },
  password_made_of_address: {
    status: 400,
    message: 'Password must not be made of your e-mail address or the name of the service',
  },
  password_leaked: { status: 400, message: 'Password is known from a data leak' },
  current_password_required: { status: 400, message: 'You must supply your current password' },
  name_invalid: { status: 400, message: 'Name must be a string or null' },
  name_length: { status: 400, message: `Name must be between 1 and ${nameCharacters} characters` },
  name_blank: { status: 400, message: 'Name must have a letter, a digit or a sign' },
  name_not_unicode: { status: 400, message: 'Name must be well-formed Unicode' },
  name_control: { status: 400, message: 'Name must not have control characters or line breaks' },
  name_direction: { status: 400, message: 'Name must not have characters that change the text direction' },
  name_invisible: { status: 400, message: 'Name must not have invisible characters' },
  name_unassigned: { status: 400, message: 'Name must not have unassigned characters' },
  name_private_use: { status: 400, message: 'Name must not have private-use characters' },
  token_required: { status: 400, message: 'You must supply a token' },
  version_invalid: { status: 400, message: 'Version must be the number that the user had' },
  role_invalid: { status: 400, message: 'Role must be user or admin' },
  disabled_invalid: { status: 400, message: 'Disabled must be true or false' },
  email_prefix_invalid: { status: 400, message: 'Email must be what an address begins with' },
  limit_invalid: { status: 400, message: `Limit must be a number from 1 to ${pageEntries}` },
  user_invalid: { status: 400, message: 'User must be the id of a user' },
  actor_invalid: { status: 400, message: 'Actor must be the id of a user, or operator' },
  action_invalid: { status: 400, message: 'Action must be one that the audit trail has' },
  outcome_invalid: { status: 400, message: 'Outcome must be success or refused' },
  from_invalid: { status: 400, message: 'From must be a time like 2026-01-31T23:59:59Z, or a date' },
  to_invalid: { status: 400, message: 'To must be a time like 2026-01-31T23:59:59Z, or a date' },
  cursor_invalid: { status: 400, message: 'Cursor must be one that a list ended with' },

  not_authorized: { status: 401, message: 'Not authorized' },
  fresh_authentication_required: { status: 401, message: 'Confirm your password first' },
  confirmation_needs_password: {
    status: 401,
    message: 'Sign in, or send the password of the account with the token',
  },
  forbidden: { status: 403, message: 'Forbidden' },
  foreign_origin: { status: 403, message: 'Forbidden' },
  not_found: { status: 404, message: 'Not Found' },
  method_not_allowed: { status: 405, message: 'Method Not Allowed' },
  request_timeout: { status: 408, message: 'Request Timeout' },
  stale_version: { status: 409, message: 'Stale version' },
  last_admin: { status: 409, message: 'The last admin must stay' },
  body_too_large: { status: 413, message: 'Payload Too Large' },
  unsupported_media_type: { status: 415, message: 'Content-Type must be application/json' },
  too_many_requests: { status: 429, message: 'Too many requests' },
  headers_too_large: { status: 431, message: 'Request Header Fields Too Large' },
  internal: { status: 500, message: 'Something went wrong' },
  database_unavailable: { status: 503, message: 'Database not reachable' },
  not_ready: { status: 503, message: 'Not ready' },
  too_busy: { status: 503, message: 'Too busy' },
} as const satisfies Record<string, CodeEntry>;

export type ErrorCode = keyof typeof errorCodes;

/** The codes of one status. */
export type CodeOf<Status extends number> = {
  [Code in ErrorCode]: (typeof errorCodes)[Code]['status'] extends Status ? Code : never;
}[ErrorCode];
