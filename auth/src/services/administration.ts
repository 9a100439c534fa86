import { ConflictError } from '../errors/conflict-error';
import { NotFoundError } from '../errors/not-found-error';
import type { Transact, Transaction } from '../models/database';
import type { MailModel } from '../models/mail';
import type { UserModel, UserQuery, UserRecord } from '../models/user';
import type { ActionTokens } from './action-tokens';
import type { Sessions } from './sessions';

export interface AdministrationOptions {
  users: UserModel;
  sessions: Sessions;
  actionTokens: ActionTokens;
  mails: MailModel;
  transact: Transact;
}

export type UserChange = Partial<Pick<UserRecord, 'role' | 'disabled'>> & { version: number };

/** What admins do with everybody's accounts; it never leaves the service without an enabled admin. */
export class Administration {
  constructor(private readonly options: AdministrationOptions) {}

  /** A page of users, and the cursor of the next one where there is one. */
  async list({ cursor, ...query }: UserQuery & { cursor?: string }): Promise<{
    users: UserRecord[];
    nextCursor: string | null;
  }> {
    const after = cursor === undefined ? {} : { after: Buffer.from(cursor, 'base64url').toString('hex') };
    const found = await this.options.users.page({ ...query, ...after, limit: query.limit + 1 });
    const users = found.slice(0, query.limit);
    const last = found.length > users.length ? users.at(-1) : undefined;
    return { users, nextCursor: last ? Buffer.from(last._id.id).toString('base64url') : null };
  }

  /** @throws {NotFoundError} */
  async find(id: string): Promise<UserRecord> {
    return found(await this.options.users.findById(id).lean());
  }

  /**
   * Gives a role, disables or enables. Disabling ends every session at once.
   * @throws {NotFoundError}
   * @throws {ConflictError} where the user has changed since that version, and for the last admin
   */
  change(id: string, { version, ...change }: UserChange): Promise<UserRecord> {
    const { users, sessions, actionTokens, transact } = this.options;
    return transact(async (tx) => {
      const user = found(await users.findById(id, null, { session: tx }).lean());
      if (user.version !== version) throw new ConflictError('Stale version');
      if (!isActiveAdmin({ ...user, ...change })) await this.#requireAnotherAdmin(user, tx);
      const ending = change.disabled === true ? { generation: 1 } : {};
      const changed = await users
        .findOneAndUpdate(
          { _id: user._id, version },
          { $set: change, $inc: { version: 1, ...ending } },
          { returnDocument: 'after', session: tx },
        )
        .lean();
      if (change.disabled === true) {
        await sessions.endAll(user, tx);
        await actionTokens.endAllButWaysBack(user, tx);
      }
      return found(changed);
    });
  }

  /**
   * Deletes an account.
   * @throws {NotFoundError}
   * @throws {ConflictError} for the last admin
   */
  async delete(id: string): Promise<void> {
    const { users, transact } = this.options;
    await transact(async (tx) => {
      await this.remove(found(await users.findById(id, null, { session: tx }).lean()), tx);
    });
  }

  /**
   * Removes an account with everything that belongs to it.
   * @throws {ConflictError} for the last admin
   */
  async remove(user: UserRecord, tx: Transaction): Promise<void> {
    const { users, sessions, actionTokens, mails } = this.options;
    await this.#requireAnotherAdmin(user, tx);
    await users.deleteOne({ _id: user._id }, { session: tx });
    await sessions.endAll(user, tx);
    await actionTokens.endAll(user, tx);
    await mails.deleteAllOf(user._id, tx);
  }

  /** @throws {NotFoundError} */
  async endSessions(id: string): Promise<void> {
    const { users, sessions, transact } = this.options;
    await transact(async (tx) => {
      const raised = { $inc: { generation: 1 } };
      const user = found(
        await users.findByIdAndUpdate(id, raised, { session: tx, timestamps: false }).lean(),
      );
      await sessions.endAll(user, tx);
    });
  }

  async #requireAnotherAdmin(leaving: UserRecord, tx: Transaction): Promise<void> {
    if (!isActiveAdmin(leaving)) return;
    const others = await this.options.users.touchOtherAdmins(leaving._id, tx);
    if (others === 0) throw new ConflictError('The last admin must stay');
  }
}

const isActiveAdmin = ({ role, disabled }: UserRecord): boolean => role === 'admin' && !disabled;

function found(user: UserRecord | null): UserRecord {
  if (!user) throw new NotFoundError();
  return user;
}
