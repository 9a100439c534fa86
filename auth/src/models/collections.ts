import type { Connection } from 'mongoose';
import type { Logger } from 'pino';
import { createAuditModel, type AuditModel } from './audit-entry';
import { createCleanupModel, type CleanupModel } from './cleanup';
import { createClosedAccountModel, type ClosedAccountModel } from './closed-account';
import { connectDatabase, type ConnectOptions } from './connect-database';
import { isUnavailable } from './database';
import { createEmailLinkModel, type EmailLinkModel } from './email-link';
import { createDeviceModel, type DeviceModel } from './device';
import { bringUpToDate, type SchemaOptions } from './schema/bring-up-to-date';
import { createHeartbeatModel, type HeartbeatModel } from './heartbeat';
import { createKeyringModel, type KeyringModel } from './keyring';
import { createMailModel, type MailModel } from './mail';
import { createMailSlotModel, type MailSlotModel } from './mail-slot';
import { createLimitModel, type LimitModel } from './limit';
import { isNarrowed } from './schema/narrowed';
import { createSessionModel, type SessionModel } from './session';
import { createUsedLinkModel, type UsedLinkModel } from './used-link';
import { createUserModel, type UserModel } from './user';

export interface Collections {
  users: UserModel;
  sessions: SessionModel;
  mails: MailModel;
  mailSlots: MailSlotModel;
  emailLinks: EmailLinkModel;
  usedLinks: UsedLinkModel;
  cleanups: CleanupModel;
  closedAccounts: ClosedAccountModel;
  audit: AuditModel;
  limits: LimitModel;
  devices: DeviceModel;
  heartbeats: HeartbeatModel;
  keyring: KeyringModel;
}

type ToHash = (password: string) => Promise<string>;

/** Connects, brings the database to this version's schema, and answers every model. */
export async function openCollections(
  uri: string,
  toHash: ToHash,
  options: ConnectOptions,
): Promise<{ connection: Connection; collections: Collections }> {
  const { connection } = await connectDatabase(
    uri,
    (prepared) => migrate(prepared, { listener: options.logger }),
    options,
  );
  return { connection, collections: createCollections(connection, toHash) };
}

/**
 * Brings the database of a connection to this version's schema.
 * @returns false where it left a validator that admits what this version writes, because it may not change it
 */
export function migrate(
  connection: Connection,
  options: Omit<SchemaOptions, 'users' | 'others'>,
): Promise<boolean> {
  const { users, ...others } = createCollections(connection, () =>
    Promise.reject(new Error('writes no user')),
  );
  return bringUpToDate(connection, { ...options, users, others: Object.values(others) });
}

export function createCollections(connection: Connection, toHash: ToHash): Collections {
  return {
    users: createUserModel(connection, toHash),
    sessions: createSessionModel(connection),
    mails: createMailModel(connection),
    mailSlots: createMailSlotModel(connection),
    emailLinks: createEmailLinkModel(connection),
    usedLinks: createUsedLinkModel(connection),
    cleanups: createCleanupModel(connection),
    closedAccounts: createClosedAccountModel(connection),
    audit: createAuditModel(connection),
    limits: createLimitModel(connection),
    devices: createDeviceModel(connection),
    heartbeats: createHeartbeatModel(connection),
    keyring: createKeyringModel(connection),
  };
}

/**
 * Puts this version's validators back where a version that knows no schema version replaces them (decision 14).
 * @returns does so at once; resolves with whether it did
 */
export function followValidators(
  connection: Connection,
  { users, ...others }: Collections,
  logger: Logger,
  everyMs = 5000,
): () => Promise<boolean> {
  const models = { users, others: Object.values(others) };
  const putBack = async (): Promise<boolean> => {
    if (!connection.db || !(await isNarrowed(connection.db, models))) return false;
    logger.warn('an older version has changed the validators: changing them back');
    await bringUpToDate(connection, { ...models, listener: logger });
    return true;
  };
  let running: Promise<boolean> | undefined;
  const once = (): Promise<boolean> => (running ??= putBack().finally(() => (running = undefined)));
  setInterval(() => {
    once().catch((err: unknown) => {
      if (!isUnavailable(err)) logger.warn({ err }, 'the validators could not be changed back');
    });
  }, everyMs).unref();
  return once;
}
