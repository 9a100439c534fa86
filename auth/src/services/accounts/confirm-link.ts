import type { Logger } from 'pino';
import type { ClosedAccountModel } from '../../models/closed-account';
import type { Profile, ProfileChange } from '../../models/profile';
import type { UserModel, UserRecord } from '../../models/user';
import type { Audit } from '../audit/audit';
import type { EmailLinks, ValidLink } from '../mail/email-links';
import type { Limits } from '../limits/limits';
import type { Outbox } from '../mail/outbox';
import type { Password } from '../passwords/password';
import type { PasswordRules } from '../passwords/password-rules';
import type { Devices } from '../sessions/devices';
import type { AccountCleanup, TidyingTransaction } from './account-cleanup';
import type { Administration } from './administration';

export interface EmailConfirmationOptions {
  users: UserModel;
  closedAccounts: ClosedAccountModel;
  passwords: Password;
  passwordRules: PasswordRules;
  emailLinks: EmailLinks;
  limits: Limits;
  administration: Administration;
  devices: Devices;
  outbox: Outbox;
  cleanup: AccountCleanup;
  audit: Audit;
  logger: Logger;
  now: () => Date;
}

/** What a caller sends with the token of a link. */
export interface Confirmation extends ProfileChange {
  token: string;
  password?: string;
}

/** What is known of the caller when a link is used. */
export interface ProvenLink extends ValidLink {
  /** The hash that the caller's password matched; the link is used only if the account still has it. */
  matched?: string;
  /** The account that a verify-first sign-up opens. */
  opening?: Profile & { password: string };
}

/** Does what a link is for, in the transaction that uses it up. Returns the user; undefined if it is no longer possible. */
export type ConfirmLink = (
  used: ProvenLink,
  options: EmailConfirmationOptions,
  transaction: TidyingTransaction,
) => Promise<UserRecord | undefined>;
