import { BadRequestError } from '../../errors/bad-request-error';
import { NotAuthorizedError } from '../../errors/not-authorized-error';
import { StaleVersionError } from '../../errors/stale-version-error';
import type { AuditAction } from '../../models/audit-actions';
import type { Transaction } from '../../models/database';
import { profileUpdateOf, type ProfileChange } from '../../models/profile';
import type { LiveSession } from '../../models/session';
import { noPendingEmail, type UserModel, type UserRecord } from '../../models/user';
import type { Audit } from '../audit/audit';
import type { SignedInCaller } from '../caller';
import type { Limits } from '../limits/limits';
import type { Outbox } from '../mail/outbox';
import type { PasswordRules } from '../passwords/password-rules';
import type { IssuedJwt, Sessions } from '../sessions/sessions';
import type { AccountCleanup } from './account-cleanup';
import { closeAccount, type CloseAccountOptions } from './close-account';
import { pendingEmailOf, type PendingEmail } from './pending-email';

export interface OwnAccountOptions extends CloseAccountOptions {
  users: UserModel;
  sessions: Sessions;
  passwordRules: PasswordRules;
  limits: Limits;
  cleanup: AccountCleanup;
  audit: Audit;
}

/** What signed-in users change in their own accounts. */
export class OwnAccount {
  constructor(private readonly options: OwnAccountOptions) {}

  /** @throws {StaleVersionError} where the account has changed since that version */
  updateProfile(change: ProfileChange & { version: number }, caller: SignedInCaller): Promise<UserRecord> {
    const { users, cleanup } = this.options;
    return cleanup.transact(caller, async ({ tx, record }) => {
      const updated = await users
        .findOneAndUpdate(
          { _id: caller.account.user._id, version: change.version },
          { ...profileUpdateOf(change), $inc: { version: 1 } },
          { returnDocument: 'after', session: tx },
        )
        .lean();
      if (!updated) throw new StaleVersionError();
      await record({ action: 'profile-changed', user: updated._id });
      return updated;
    });
  }

  /**
   * Sets a new password, ends every other session (ASVS 6.2.3, 7.4.3), and returns a new JWT for this one.
   * @throws {BadRequestError} where the current password is wrong, or was changed meanwhile
   */
  async changePassword(
    given: { currentPassword: string; password: string },
    caller: SignedInCaller,
  ): Promise<IssuedJwt> {
    const { users, sessions, passwords, passwordRules, limits, cleanup, outbox, now } = this.options;
    const { user, session } = caller.account;
    await this.#requirePassword(given.currentPassword, 'currentPassword', 'password-changed', caller);
    await passwordRules.require(given.password, user);
    await limits.spend('hash', caller);
    const password = await passwords.toHash(given.password, caller);
    return this.#whileStored(given.currentPassword, caller, (stored) =>
      cleanup.transact(caller, async ({ tx, tidy, record }) => {
        // Only if the compared hash is still the stored one: of two changes at once, one wins.
        const state = { _id: user._id, password: stored };
        const update = { $set: { password }, $unset: noPendingEmail };
        const changed = await users.applyEvent('password-changed', state, update, { now: now(), tx });
        if (!changed) throw new BadRequestError('invalid_credentials', 'currentPassword');
        await outbox?.add({ kind: 'password-changed', user: changed, to: changed.email }, tx);
        await record({ action: 'password-changed', user: changed._id });
        await tidy({ user: changed._id });
        return sessions.keep(session, changed, tx, now());
      }),
    );
  }

  /**
   * Makes the session fresh: for a time it may do what needs a password given recently (ASVS 7.5).
   * @throws {BadRequestError} `Invalid credentials`
   * @throws {NotAuthorizedError} where the session has ended meanwhile, as by a change of the password
   */
  async confirmPassword({ password }: { password: string }, caller: SignedInCaller): Promise<void> {
    const { sessions, audit } = this.options;
    const { user, session } = caller.account;
    await this.#requirePassword(password, 'password', 'password-confirmed', caller);
    await sessions.confirm(session);
    audit.note({ action: 'password-confirmed', user: user._id }, caller);
  }

  /** Ends every other session. */
  async signOutOthers(caller: SignedInCaller): Promise<void> {
    const { users, sessions, cleanup, now } = this.options;
    const { user, session } = caller.account;
    await cleanup.transact(caller, async ({ tx, tidy, record }) => {
      const raised = await users.applyEvent('others-signed-out', { _id: user._id }, undefined, {
        now: now(),
        tx,
      });
      if (!raised) throw new NotAuthorizedError();
      await sessions.keep(session, raised, tx);
      await record({ action: 'others-signed-out', user: raised._id });
      await tidy({ user: raised._id });
    });
  }

  /**
   * Sends a confirmation link to the new address, and a notice with an undo link to the old one. The response does not
   * reveal whether another account has the new address: the mail worker looks, and then sends it nothing.
   * @returns false where the account has that address already: nothing happens then
   * @throws {BadRequestError} `Invalid credentials`
   * @throws {TooManyRequestsError} as every method that takes the password
   */
  async requestEmailChange(
    { email, password }: { email: string; password: string },
    outbox: Outbox,
    caller: SignedInCaller,
  ): Promise<boolean> {
    const { user } = caller.account;
    await this.#requirePassword(password, 'password', 'email-change-requested', caller);
    if (email === user.email) return false;
    await this.options.limits.spend('mail', caller, { account: user.email, recipient: email });
    await this.#whileStored(password, caller, (stored) =>
      this.options.cleanup.transact(caller, async ({ tx, tidy, record }) => {
        const asked = await this.#setPendingEmail({ _id: user._id, password: stored }, email, tx);
        if (!asked) throw new BadRequestError('invalid_credentials', 'password');
        await outbox.ask({ kind: 'email-change', user: asked, to: email }, tx);
        await outbox.add({ kind: 'email-change-notice', user: asked, to: asked.email, newEmail: email }, tx);
        await record({ action: 'email-change-requested', user: asked._id });
        await tidy({ user: asked._id });
      }),
    );
    return true;
  }

  /** What the user has asked for as the new address: see `pendingEmailOf`. */
  pendingEmail({ user }: LiveSession): PendingEmail | undefined {
    return pendingEmailOf(user, this.options.now());
  }

  /** @param state has the compared hash, which must still be the stored one, as with a change of password */
  async #setPendingEmail(
    state: Pick<UserRecord, '_id' | 'password'>,
    email: string,
    tx: Transaction,
  ): Promise<UserRecord | null> {
    const { users, now } = this.options;
    const time = now();
    const asked = { pendingEmail: email, pendingEmailAt: time };
    // The same request again must not end the link that is on its way already.
    const repeated = await users
      .findOneAndUpdate(
        { ...state, pendingEmail: email },
        { $set: asked },
        { returnDocument: 'after', session: tx, timestamps: false },
      )
      .lean();
    return repeated ?? users.applyEvent('email-change-requested', state, { $set: asked }, { now: time, tx });
  }

  /**
   * Closes the account: see `closeAccount`.
   * @throws {BadRequestError} `Invalid credentials`
   * @throws {LastAdminError}
   */
  async close({ password }: { password: string }, caller: SignedInCaller): Promise<void> {
    const { users, cleanup } = this.options;
    const { user } = caller.account;
    await this.#requirePassword(password, 'password', 'closed', caller);
    // By opening and closing accounts, a stranger could flood an address.
    const isTold = user.emailVerified || (await this.options.limits.allowsMail(user.email, caller));
    await this.#whileStored(password, caller, (stored) =>
      cleanup.transact(caller, async (transaction) => {
        const unchanged = { _id: user._id, password: stored, disabled: false };
        const current = await users.findOne(unchanged, null, { session: transaction.tx }).lean();
        if (!current) throw new BadRequestError('invalid_credentials', 'password');
        await closeAccount(current, isTold, this.options, transaction);
      }),
    );
  }

  /**
   * Does what the right password was given for. A sign-in at the same time may have hashed it anew: it is then compared
   * once more.
   * @param work throws a BadRequestError where the stored hash is not that one
   */
  async #whileStored<T>(
    supplied: string,
    caller: SignedInCaller,
    work: (stored: string) => Promise<T>,
  ): Promise<T> {
    const { users, passwords } = this.options;
    const { _id, password } = caller.account.user;
    try {
      return await work(password);
    } catch (error) {
      if (!(error instanceof BadRequestError)) throw error;
      const stored = (await users.findById(_id).lean())?.password;
      const isAnother = stored !== undefined && stored !== password;
      if (isAnother && (await passwords.compare(stored, supplied, caller))) return work(stored);
      throw error;
    }
  }

  /** @param action what the password is asked for */
  async #requirePassword(
    supplied: string,
    field: string,
    action: AuditAction,
    caller: SignedInCaller,
  ): Promise<void> {
    const { passwords, limits, audit } = this.options;
    const { user } = caller.account;
    const check = async () => (await passwords.compare(user.password, supplied, caller)) || undefined;
    if (await limits.guess('password', caller, user.email, check)) return;
    audit.refuse(action, caller, user._id);
    throw new BadRequestError('invalid_credentials', field);
  }
}
