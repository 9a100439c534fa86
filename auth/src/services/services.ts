import type { Logger } from 'pino';
import type { Collections } from '../models/collections';
import type { Transact } from '../models/database';
import type { SessionFeed } from '../models/session-feed';
import { AccountCleanup } from './accounts/account-cleanup';
import { Accounts } from './accounts/accounts';
import { GoneAccounts } from './accounts/gone-accounts';
import { Audit } from './audit/audit';
import { EmailLinks } from './mail/email-links';
import { Administration } from './accounts/administration';
import { EmailDecline } from './accounts/decline-email';
import { EmailConfirmation } from './accounts/email-confirmation';
import { Limits, type LimitsOptions } from './limits/limits';
import type { KeyRing } from './keys/key-ring';
import { KeyRotation } from './keys/key-rotation';
import type { Keys } from './keys/keys';
import { Letters } from './mail/letters';
import { MailWorker, type MailWorkerOptions } from './mail/mail-worker';
import { measureOutbox } from './mail/measure-outbox';
import { Outbox } from './mail/outbox';
import type { Metrics } from './metrics/metrics';
import { OwnAccount } from './accounts/own-account';
import type { Password } from './passwords/password';
import type { PasswordRules } from './passwords/password-rules';
import { PasswordReset } from './accounts/password-reset';
import { SessionStart } from './accounts/session-start';
import { Devices } from './sessions/devices';
import { SessionMemory } from './sessions/session-memory';
import { Sessions, type SessionRules } from './sessions/sessions';
import { smtp, type SmtpOptions } from './mail/smtp';
import type { Jwts } from './sessions/jwts';

export interface ServicesOptions {
  collections: Collections;
  sessionFeed: SessionFeed;
  transact: Transact;
  passwords: Password;
  passwordRules: PasswordRules;
  keys: Keys;
  jwts: Jwts;
  sessionRules: SessionRules;
  /** How many live sessions are kept in memory. 0: each check asks the database. */
  sessionsInMemory: number;
  requireVerifiedEmail: boolean;
  closedAccountSeconds: number;
  /** How long an entry of the audit trail is kept. */
  auditSeconds: number;
  limits: Pick<LimitsOptions, 'rates' | 'waitMs'>;
  /** Undefined where the service sends no mail; the services that need it are then missing. */
  mail?: MailOptions | undefined;
  /** Of its own for each set of services. */
  metrics: Metrics;
  logger: Logger;
  now: () => Date;
}

export interface MailOptions extends SmtpOptions, Pick<MailWorkerOptions, 'pollMs' | 'firstRetryMs'> {
  /** Where the links in mails lead. */
  publicUrl: URL;
  productName: string;
  /** Whether they say what they are for, as the service's own pages expect it. */
  linksSayPurpose?: boolean | undefined;
  /** How long nobody can ask for another mail of one kind to one address. */
  coolDownSeconds: number;
  /** Whether the owner of an account is told of sign-ins from new devices. */
  newSignIn: boolean;
}

/** Everything that the service can do. */
export interface Services {
  accounts: Accounts;
  sessions: Sessions;
  sessionStart: SessionStart;
  ownAccount: OwnAccount;
  administration: Administration;
  cleanup: AccountCleanup;
  audit: Audit;
  goneAccounts: GoneAccounts;
  limits: Limits;
  sessionMemory: SessionMemory;
  keyRing: KeyRing;
  keyRotation: KeyRotation;
  mail?: MailServices | undefined;
}

/** Present only where the service sends mail. */
export interface MailServices {
  outbox: Outbox;
  emailConfirmation: EmailConfirmation;
  emailDecline: EmailDecline;
  passwordReset: PasswordReset;
  worker: MailWorker;
}

/** The one place where the services are assembled. */
export function createServices(options: ServicesOptions): Services {
  const { collections, transact, passwords, passwordRules, keys, jwts, sessionRules, mail, now } = options;
  const { closedAccountSeconds, auditSeconds, metrics, logger } = options;
  const { users, mails, mailSlots, closedAccounts } = collections;
  const audit = new Audit({ model: collections.audit, seconds: auditSeconds, metrics, logger, now });
  const goneAccounts = new GoneAccounts({ collections, logger, now });
  const outbox = mail && new Outbox({ ...mail, mails, mailSlots, now });
  const emailLinks = new EmailLinks({
    model: collections.emailLinks,
    usedLinks: collections.usedLinks,
    users,
    closedAccounts,
    audit,
    now,
  });
  const cleanup = new AccountCleanup({ collections, transact, audit, logger });
  const sessionMemory = new SessionMemory({
    model: collections.sessions,
    feed: options.sessionFeed,
    max: options.sessionsInMemory,
    metrics,
    now,
  });
  const live = sessionMemory.sessions;
  const sessions = new Sessions({ model: collections.sessions, live, jwts, rules: sessionRules, audit, now });
  const devices = new Devices({ model: collections.devices, now });
  const limits = new Limits({
    ...options.limits,
    model: collections.limits,
    audit,
    metrics,
    logger,
  });
  const accounts = new Accounts({ ...options, users, devices, cleanup, audit, outbox, limits });
  const sessionStart = new SessionStart({
    sessions,
    devices,
    transact,
    audit,
    outbox: mail?.newSignIn ? outbox : undefined,
    now,
  });
  const links = { closedAccounts, emailLinks };
  const shared = { ...links, users, sessions, passwords, passwordRules, limits, cleanup, audit, now };
  const administration = new Administration({ ...shared, outbox });
  const ownAccount = new OwnAccount({ ...shared, administration, outbox, closedAccountSeconds });
  const always = {
    accounts,
    sessions,
    sessionStart,
    ownAccount,
    administration,
    cleanup,
    limits,
    audit,
    goneAccounts,
    sessionMemory,
    keyRing: keys.ring,
    keyRotation: new KeyRotation({ ...keys, audit, logger }),
  };
  if (!mail || !outbox) return always;

  const confirmation = { ...shared, administration, devices, outbox, logger };
  const emailConfirmation = new EmailConfirmation(confirmation);
  const emailDecline = new EmailDecline(confirmation);
  const passwordReset = new PasswordReset({ ...shared, outbox });
  const letters = new Letters({ ...mail, users, closedAccounts, emailLinks, now });
  const worker = new MailWorker({ ...mail, mails, letters, mailer: smtp(mail), audit, metrics, logger });
  measureOutbox({ metrics, mails, now });
  const mailServices = { outbox, emailConfirmation, emailDecline, passwordReset, worker };
  return { ...always, mail: mailServices };
}
