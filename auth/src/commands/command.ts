import type { Config } from '../config';
import { createLogger } from '../logger';
import { openCollections, type Collections } from '../models/collections';
import { transactions } from '../models/database';
import { AccountCleanup } from '../services/accounts/account-cleanup';
import { Audit } from '../services/audit/audit';
import { operator } from '../services/caller';
import { createKeys, type Keys } from '../services/keys/keys';
import { Password } from '../services/passwords/password';
import type { Logger } from 'pino';

/** Options that were given, as `parseArgs` reads them. */
export interface CommandOptions {
  email?: string;
  'password-stdin'?: boolean;
  yes?: boolean;
}

/** A command for operators. Returns the lines to print. */
export type Command = (options: CommandOptions, config: () => Config) => Promise<string[]>;

/** A command for operators about one thing that is named: an address, or a signing key's id. */
export type CommandAbout = (
  subject: string,
  config: () => Config,
  options: CommandOptions,
) => Promise<string[]>;

/** The command was called with options that it does not take, or without those that it needs. */
export class UsageError extends Error {}

export interface CommandContext {
  collections: Collections;
  cleanup: AccountCleanup;
  audit: Audit;
  passwords: Password;
  keys: Keys;
  logger: Logger;
}

const databaseLimitMs = 15_000;

/** Opens the database as a start of the service does, for one piece of work. */
export async function withCollections<T>(
  config: Config,
  work: (context: CommandContext) => Promise<T>,
): Promise<T> {
  const logger = createLogger(config.logLevel, process.stderr);
  const passwords = new Password(config.password);
  const { connection, collections } = await openCollections(
    config.mongoUri,
    (plain) => passwords.toHash(plain, operator()),
    { logger, signal: AbortSignal.timeout(databaseLimitMs) },
  );
  const now = (): Date => new Date();
  const audit = new Audit({ model: collections.audit, seconds: config.auditSeconds, logger, now });
  const cleanup = new AccountCleanup({ collections, transact: transactions(connection), audit, logger });
  const keys = createKeys({ ...config.keys, model: collections.keyring });
  try {
    return await work({ collections, cleanup, audit, passwords, keys, logger });
  } finally {
    await audit.flush();
    await connection.close();
  }
}
