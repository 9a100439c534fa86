import type { Logger } from 'pino';
import type { Collections } from '../models/collections';
import type { Transact } from '../models/database';
import { Accounts } from './accounts';
import { ActionTokens } from './action-tokens';
import { Administration } from './administration';
import { EmailConfirmation } from './email-confirmation';
import { Letters } from './letters';
import { MailWorker, type MailWorkerOptions } from './mail-worker';
import { Outbox } from './outbox';
import { OwnAccount } from './own-account';
import type { Password } from './password';
import type { PasswordRules } from './password-rules';
import { PasswordReset } from './password-reset';
import { Sessions, type SessionLimits } from './sessions';
import { smtp, type SmtpOptions } from './smtp';
import type { Tokens } from './tokens';

export interface ServicesOptions {
  collections: Collections;
  transact: Transact;
  passwords: Password;
  passwordRules: PasswordRules;
  tokens: Tokens;
  limits: SessionLimits;
  requireVerifiedEmail: boolean;
  /** None where the service sends no mail: what needs it is not there then. */
  mail?: MailOptions | undefined;
  logger: Logger;
  now: () => Date;
}

export interface MailOptions extends SmtpOptions, Pick<MailWorkerOptions, 'pollMs' | 'firstRetryMs'> {
  /** Where the links in mails lead. */
  publicUrl: URL;
}

/** Everything that the service knows how to do. */
export interface Services {
  accounts: Accounts;
  sessions: Sessions;
  ownAccount: OwnAccount;
  administration: Administration;
  mail?: MailServices | undefined;
}

/** What is there only where mail can be sent. */
export interface MailServices {
  outbox: Outbox;
  emailConfirmation: EmailConfirmation;
  passwordReset: PasswordReset;
  worker: MailWorker;
}

/** Gives each service what it works with: the one place where they are put together. */
export function createServices(options: ServicesOptions): Services {
  const { collections, transact, passwords, passwordRules, tokens, limits, mail, now } = options;
  const { requireVerifiedEmail } = options;
  const { users, mails } = collections;
  const outbox = mail && new Outbox({ mails, now });
  const actionTokens = new ActionTokens({ model: collections.actionTokens, now });
  const accounts = new Accounts({ users, passwords, passwordRules, transact, outbox, requireVerifiedEmail });
  const sessions = new Sessions({ model: collections.sessions, tokens, limits, now });
  const shared = { users, sessions, passwords, passwordRules, actionTokens, transact };
  const administration = new Administration({ ...shared, mails });
  const ownAccount = new OwnAccount({ ...shared, administration, outbox });
  if (!mail || !outbox) return { accounts, sessions, ownAccount, administration };

  const emailConfirmation = new EmailConfirmation({ ...shared, administration, outbox });
  const passwordReset = new PasswordReset({ ...shared, outbox });
  const letters = new Letters({ users, actionTokens, publicUrl: mail.publicUrl });
  const worker = new MailWorker({ ...mail, mails, letters, send: smtp(mail), logger: options.logger, now });
  const mailServices = { outbox, emailConfirmation, passwordReset, worker };
  return { accounts, sessions, ownAccount, administration, mail: mailServices };
}
