import { BadRequestError } from '../errors/bad-request-error';
import type { ActionTokenRecord, Purpose } from '../models/action-token';
import { isDuplicateKey, type Transact, type Transaction } from '../models/database';
import type { UserModel, UserRecord } from '../models/user';
import { invalidToken, type ActionTokens } from './action-tokens';
import type { Outbox } from './outbox';
import type { Password } from './password';
import type { PasswordRules } from './password-rules';
import type { Sessions } from './sessions';

export interface RecoveryOptions {
  users: UserModel;
  sessions: Sessions;
  passwords: Password;
  passwordRules: PasswordRules;
  actionTokens: ActionTokens;
  outbox: Outbox;
  transact: Transact;
}

const confirming: Purpose[] = ['verification', 'signup', 'email-change', 'email-change-undo'];

/** What an address is good for: to be verified, to open an account, to take it over, and to get it back. */
export class Recovery {
  constructor(private readonly options: RecoveryOptions) {}

  async requestVerification(user: UserRecord): Promise<void> {
    await this.options.outbox.add({ kind: 'verification', user: user._id, to: user.email });
  }

  /** Writes the same and takes the same time whether or not there is such an account: that is found out when it is sent. */
  async requestPasswordReset(email: string): Promise<void> {
    await this.options.outbox.add({ kind: 'password-reset', to: email });
  }

  /**
   * Does what a token that came by mail is for: verifies the address, opens the account that waited for that, makes the
   * change of address, or takes it back.
   * @throws {BadRequestError} for a token that is no good, and `Email in use` where somebody else has the address by now
   */
  async confirm(token: string): Promise<{ user: UserRecord; purpose: Purpose }> {
    const { actionTokens, passwords, transact } = this.options;
    await actionTokens.read(token, confirming);
    // Spent whatever the token is for: only one of its purposes needs it, and hashing has no place in a transaction.
    const nobodys = await passwords.toHash(passwords.invent());
    try {
      return await transact(async (tx) => {
        const used = await actionTokens.use(token, confirming, tx);
        return { user: await this.#confirm(used, nobodys, tx), purpose: used.purpose };
      });
    } catch (error) {
      if (isDuplicateKey(error)) throw new BadRequestError('Email in use', 'token');
      throw error;
    }
  }

  /**
   * Sets a new password, ends every session, and tells the owner.
   * @throws {BadRequestError} for a token that is no good
   */
  async resetPassword(token: string, password: string): Promise<UserRecord> {
    const { actionTokens, passwords, passwordRules, transact, outbox } = this.options;
    const owner = await actionTokens.read(token, ['password-reset']);
    await passwordRules.require(password, owner);
    const hash = await passwords.toHash(password);
    return transact(async (tx) => {
      const { user: _id, email } = await actionTokens.use(token, ['password-reset'], tx);
      // Who can read the mail has the address, so it is verified too.
      const set = { password: hash, emailVerified: true };
      const user = await this.#takeOver(_id, { email }, set, tx);
      await actionTokens.endAll(user, tx, ['password-reset']);
      await outbox.add({ kind: 'password-changed', user: user._id, to: user.email }, tx);
      return user;
    });
  }

  async #confirm(used: ActionTokenRecord, nobodys: string, tx: Transaction): Promise<UserRecord> {
    switch (used.purpose) {
      case 'signup':
        return this.#open(used, tx);
      case 'verification':
        return this.#verify(used, tx);
      case 'email-change':
        return this.#changeEmail(used, tx);
      case 'email-change-undo':
        return this.#bringBack(used, nobodys, tx);
      case 'password-reset':
        throw invalidToken();
    }
  }

  async #open({ email, password = '', name }: ActionTokenRecord, tx: Transaction): Promise<UserRecord> {
    const verified = { email, password, emailVerified: true, ...(name !== undefined && { name }) };
    // Not by `save`, which would take the hash for a password in plain text.
    const [user] = await this.options.users.insertMany([verified], { session: tx });
    if (!user) throw invalidToken();
    return user.toObject();
  }

  async #verify({ user: _id, email }: ActionTokenRecord, tx: Transaction): Promise<UserRecord> {
    const user = await this.#update(_id, { email }, { $set: { emailVerified: true } }, tx);
    await this.options.actionTokens.endAll(user, tx, ['verification']);
    return user;
  }

  async #changeEmail({ user: _id, email }: ActionTokenRecord, tx: Transaction): Promise<UserRecord> {
    const change = { $set: { email, emailVerified: true }, $unset: { pendingEmail: 1 } };
    // Only where it is still the address that was asked for last.
    const user = await this.#update(_id, { pendingEmail: email }, change, tx);
    await this.options.actionTokens.endAll(user, tx, ['email-change', 'verification', 'password-reset']);
    return user;
  }

  /** Whoever made the change knows the password: it goes with the sessions, and the owner is sent a way to a new one. */
  async #bringBack(
    { user: _id, email }: ActionTokenRecord,
    nobodys: string,
    tx: Transaction,
  ): Promise<UserRecord> {
    const { actionTokens, outbox } = this.options;
    const set = { email, password: nobodys, emailVerified: true };
    const user = await this.#takeOver(_id, {}, set, tx);
    await actionTokens.endAll(user, tx);
    await outbox.add({ kind: 'password-reset', user: user._id, to: user.email }, tx);
    return user;
  }

  async #takeOver(id: UserId, where: Where, set: Partial<UserRecord>, tx: Transaction): Promise<UserRecord> {
    const change = { $set: set, $unset: { pendingEmail: 1 }, $inc: { generation: 1 } };
    const user = await this.#update(id, where, change, tx);
    await this.options.sessions.endAll(user, tx);
    return user;
  }

  /** @throws {BadRequestError} where the account is gone, disabled, or no longer what the token was made for */
  async #update(id: UserId, where: Where, change: Change, tx: Transaction): Promise<UserRecord> {
    if (!id) throw invalidToken();
    const user = await this.options.users
      .findOneAndUpdate(
        { _id: id, disabled: false, ...where },
        { ...change, $inc: { ...change.$inc, version: 1 } },
        { returnDocument: 'after', session: tx },
      )
      .lean();
    if (!user) throw invalidToken();
    return user;
  }
}

type UserId = ActionTokenRecord['user'];
type Where = Partial<Pick<UserRecord, 'email' | 'pendingEmail'>>;
interface Change {
  $set: Partial<UserRecord>;
  $unset?: { pendingEmail: number };
  $inc?: { generation: number };
}
