import { LastAdminError } from '../../errors/last-admin-error';
import { NotFoundError } from '../../errors/not-found-error';
import { StaleVersionError } from '../../errors/stale-version-error';
import type { AccountEvent } from '../../models/account-events';
import type { ClosedAccountModel } from '../../models/closed-account';
import type { Transaction } from '../../models/database';
import type { AuditEvent } from '../audit/audit';
import type { Caller } from '../caller';
import type { DeletionReason } from '../../models/audit-actions';
import type { MailKind } from '../../models/mail';
import type { UserModel, UserQuery, UserRecord } from '../../models/user';
import type { Outbox } from '../mail/outbox';
import { afterOf, pageOf } from '../paging';
import type { AccountCleanup, TidyingTransaction } from './account-cleanup';

export interface AdministrationOptions {
  users: UserModel;
  closedAccounts: ClosedAccountModel;
  cleanup: AccountCleanup;
  /** Undefined where the service sends no mail. */
  outbox?: Outbox | undefined;
  now: () => Date;
}

/** What an admin changes in an account, and the version that the admin saw; without it the change is made to any. */
export type AdminChange = Partial<Pick<UserRecord, 'role' | 'disabled' | 'version'>>;

/** Managing accounts as an admin. The last enabled admin always remains (decision 8). */
export class Administration {
  constructor(private readonly options: AdministrationOptions) {}

  /** A page of users, and the cursor of the next page if there is one. */
  async list({ cursor, ...query }: UserQuery & { cursor?: string }): Promise<{
    users: UserRecord[];
    nextCursor: string | null;
  }> {
    const found = await this.options.users.page({ ...query, ...afterOf(cursor), limit: query.limit + 1 });
    const { entries: users, nextCursor } = pageOf(found, query.limit);
    return { users, nextCursor };
  }

  /** @throws {NotFoundError} */
  async find(id: string): Promise<UserRecord> {
    return requireUser(await this.options.users.findById(id).lean());
  }

  /**
   * Changes the role, disables or enables, and tells the owner by mail. Disabling ends every session at once.
   * @throws {NotFoundError}
   * @throws {StaleVersionError} where the user has changed since that version
   * @throws {LastAdminError}
   */
  async change(id: string, { version, ...change }: AdminChange, caller: Caller): Promise<UserRecord> {
    const { users, cleanup, outbox, now } = this.options;
    if (change.role === undefined && change.disabled === undefined) return this.#unchanged(id, version);
    return cleanup.transact(caller, async ({ tx, tidy, record }) => {
      const user = requireUser(await users.findById(id, null, { session: tx }).lean());
      if (version !== undefined && user.version !== version) throw new StaleVersionError();
      if (!isActiveAdmin({ ...user, ...change })) await this.#requireAnotherAdmin(user, tx);
      const state = { _id: user._id, version: user.version };
      const update = { $set: change };
      const changed = requireUser(await users.applyEvent(eventOf(change), state, update, { now: now(), tx }));
      for (const kind of noticesOf(user, changed))
        await outbox?.add({ kind, user: changed, to: changed.email }, tx);
      for (const event of auditEventsOf(change)) await record({ ...event, user: user._id });
      if (change.disabled) await tidy({ user: user._id });
      return changed;
    });
  }

  /** The answer to a change of nothing: it is not on record, and changes no version. */
  async #unchanged(id: string, version: number | undefined): Promise<UserRecord> {
    const user = await this.find(id);
    if (version !== undefined && user.version !== version) throw new StaleVersionError();
    return user;
  }

  /**
   * Deletes an account for good, a closed one too: nothing brings it back.
   * @throws {NotFoundError}
   * @throws {LastAdminError}
   */
  async delete(id: string, caller: Caller): Promise<void> {
    const { users, closedAccounts, cleanup, now } = this.options;
    await cleanup.transact(caller, async ({ tx, tidy, record }) => {
      const user = await users.findById(id, null, { session: tx }).lean();
      if (user) await this.takeOut(user, tx);
      const gone = user ?? (await closedAccounts.take(id, now(), tx));
      if (!gone) throw new NotFoundError();
      await record({ action: 'deleted', user: gone._id });
      await tidy({ user: gone._id });
    });
  }

  /**
   * Deletes an account within the caller's transaction. Without it, its sessions, links and queued mails have ended.
   * @param why for the log and the audit trail
   * @throws {LastAdminError}
   */
  async remove(
    user: UserRecord,
    why: { reason: DeletionReason; by?: UserRecord['_id'] },
    { tx, tidy, log, record }: TidyingTransaction,
  ): Promise<void> {
    await this.takeOut(user, tx);
    await record({ action: 'deleted', user: user._id, detail: why.reason });
    await tidy({ user: user._id });
    log({ event: 'user_deleted', userId: user._id, ...why }, 'user deleted');
  }

  /**
   * Takes an account out of the users within the caller's transaction. The caller has the rest of it cleaned up.
   * @throws {LastAdminError}
   */
  async takeOut(user: UserRecord, tx: Transaction): Promise<void> {
    await this.#requireAnotherAdmin(user, tx);
    await this.options.users.deleteOne({ _id: user._id }, { session: tx });
  }

  /** @throws {NotFoundError} */
  async endSessions(id: string, caller: Caller): Promise<void> {
    const { users, cleanup, now } = this.options;
    await cleanup.transact(caller, async ({ tx, tidy, record }) => {
      const { _id } = requireUser(await users.findById(id, null, { session: tx }).lean());
      await users.applyEvent('signed-out-by-admin', { _id }, undefined, { now: now(), tx });
      await record({ action: 'signed-out-by-admin', user: _id });
      await tidy({ user: _id });
    });
  }

  async #requireAnotherAdmin(leaving: UserRecord, tx: Transaction): Promise<void> {
    if (!isActiveAdmin(leaving)) return;
    const others = await this.options.users.touchOtherAdmins(leaving._id, tx);
    if (others === 0) throw new LastAdminError();
  }
}

/** What a change by an admin counts as. Disabling ends the most, so it comes first. */
function eventOf({ disabled }: Omit<AdminChange, 'version'>): AccountEvent {
  if (disabled) return 'disabled';
  return disabled === false ? 'enabled' : 'role-changed';
}

/** Everything that a change sets, also to what it was. */
function auditEventsOf({ role, disabled }: Omit<AdminChange, 'version'>): AuditEvent[] {
  return [
    ...(role === undefined ? [] : [{ action: 'role-changed', detail: role } as const]),
    ...(disabled === undefined ? [] : [{ action: disabled ? 'disabled' : 'enabled' } as const]),
  ];
}

/** The mails that tell of a change. */
function noticesOf(before: UserRecord, after: UserRecord): MailKind[] {
  return [
    ...(before.role === after.role ? [] : (['role-changed'] as const)),
    ...(before.disabled === after.disabled
      ? []
      : ([after.disabled ? 'account-disabled' : 'account-enabled'] as const)),
  ];
}

const isActiveAdmin = ({ role, disabled }: UserRecord): boolean => role === 'admin' && !disabled;

function requireUser(user: UserRecord | null): UserRecord {
  if (!user) throw new NotFoundError();
  return user;
}
