import { BadRequestError } from '../errors/bad-request-error';
import { ConflictError } from '../errors/conflict-error';
import type { Transact } from '../models/database';
import type { LiveSession } from '../models/session';
import type { UserModel, UserRecord } from '../models/user';
import type { ActionTokens } from './action-tokens';
import type { Administration } from './administration';
import type { Outbox } from './outbox';
import type { Password } from './password';
import type { PasswordRules } from './password-rules';
import type { Sessions } from './sessions';

export interface OwnAccountOptions {
  users: UserModel;
  sessions: Sessions;
  passwords: Password;
  passwordRules: PasswordRules;
  administration: Administration;
  actionTokens: ActionTokens;
  transact: Transact;
  /** None where the service sends no mail. */
  outbox?: Outbox | undefined;
}

/** What people who are signed in change of their own accounts. */
export class OwnAccount {
  constructor(private readonly options: OwnAccountOptions) {}

  /** @throws {ConflictError} where the account has changed since that version */
  async rename(user: UserRecord, change: { name?: string; version: number }): Promise<UserRecord> {
    const { name, version } = change;
    const renamed = await this.options.users
      .findOneAndUpdate(
        { _id: user._id, version },
        { $set: { ...(name !== undefined && { name }) }, $inc: { version: 1 } },
        { returnDocument: 'after' },
      )
      .lean();
    if (!renamed) throw new ConflictError('Stale version');
    return renamed;
  }

  /**
   * Sets a new password, and ends every session but the one that asks (ASVS 6.2.3, 7.4.3).
   * @throws {BadRequestError} where the current password is not the account's, or no longer
   */
  async changePassword(
    asking: LiveSession,
    given: { currentPassword: string; password: string },
  ): Promise<void> {
    const { users, sessions, passwords, passwordRules, actionTokens, transact, outbox } = this.options;
    const { user } = asking;
    await this.#requirePassword(user, given.currentPassword, 'currentPassword');
    await passwordRules.require(given.password, user);
    const password = await passwords.toHash(given.password);
    await transact(async (tx) => {
      // Only where the hash that was compared still stands: of two changes at once, one wins.
      const changed = await users
        .findOneAndUpdate(
          { _id: user._id, password: user.password },
          { $set: { password }, $unset: { pendingEmail: 1 }, $inc: { version: 1, generation: 1 } },
          { returnDocument: 'after', session: tx },
        )
        .lean();
      if (!changed) throw new BadRequestError('Invalid credentials', 'currentPassword');
      await sessions.moveOn(asking, changed.generation ?? 0, tx);
      // What was asked for by whoever knew the old password goes with it.
      await actionTokens.endAll(user, tx, ['password-reset', 'email-change']);
      await outbox?.add({ kind: 'password-changed', user: user._id, to: user.email }, tx);
    });
  }

  /**
   * Asks the new address to confirm, and tells the old one, with a way back. Says nothing of whether somebody has the
   * new address: nobody is written to then.
   * @throws {BadRequestError} `Invalid credentials`
   */
  async requestEmailChange(
    user: UserRecord,
    { email, password }: { email: string; password: string },
    outbox: Outbox,
  ): Promise<void> {
    const { users, transact } = this.options;
    await this.#requirePassword(user, password, 'password');
    await transact(async (tx) => {
      const asked = { $set: { pendingEmail: email }, $inc: { version: 1 } };
      // As with a change of password: what an old one asked for must not come after it.
      const compared = { _id: user._id, password: user.password };
      const { matchedCount } = await users.updateOne(compared, asked, { session: tx });
      if (matchedCount === 0) throw new BadRequestError('Invalid credentials', 'password');
      await outbox.add({ kind: 'email-change', user: user._id, to: email }, tx);
      await outbox.add({ kind: 'email-change-notice', user: user._id, to: user.email, newEmail: email }, tx);
    });
  }

  /**
   * Deletes the account and everything that belongs to it.
   * @throws {BadRequestError} `Invalid credentials`
   * @throws {ConflictError} for the last admin
   */
  async close(user: UserRecord, { password }: { password: string }): Promise<void> {
    const { users, administration, transact } = this.options;
    await this.#requirePassword(user, password, 'password');
    await transact(async (tx) => {
      const compared = { _id: user._id, password: user.password };
      const current = await users.findOne(compared, null, { session: tx }).lean();
      if (!current) throw new BadRequestError('Invalid credentials', 'password');
      await administration.remove(current, tx);
    });
  }

  async #requirePassword(user: UserRecord, supplied: string, field: string): Promise<void> {
    const matches = await this.options.passwords.compare(user.password, supplied);
    if (!matches) throw new BadRequestError('Invalid credentials', field);
  }
}
