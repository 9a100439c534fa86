import { BadRequestError } from '../errors/bad-request-error';
import type { ActionTokenRecord, Purpose } from '../models/action-token';
import { isDuplicateKey, type Transact, type Transaction } from '../models/database';
import type { UserModel, UserRecord } from '../models/user';
import { valid, type ActionTokens } from './action-tokens';
import type { Administration } from './administration';
import type { Outbox } from './outbox';
import type { Password } from './password';
import type { Sessions } from './sessions';

export interface EmailConfirmationOptions {
  users: UserModel;
  sessions: Sessions;
  passwords: Password;
  actionTokens: ActionTokens;
  administration: Administration;
  outbox: Outbox;
  transact: Transact;
}

type Confirmed = (used: ActionTokenRecord, tx: Transaction) => Promise<UserRecord>;

/** What an address is good for: to be verified, to open an account, to take one over, and to get it back. */
export class EmailConfirmation {
  readonly #confirmed: Readonly<Partial<Record<Purpose, Confirmed>>> = {
    verification: (used, tx) => this.#verify(used, tx),
    signup: (used, tx) => this.#open(used, tx),
    'email-change': (used, tx) => this.#changeEmail(used, tx),
    'email-change-undo': (used, tx) => this.#bringBack(used, tx),
  };

  constructor(private readonly options: EmailConfirmationOptions) {}

  async request(user: UserRecord): Promise<void> {
    await this.options.outbox.add({ kind: 'verification', user: user._id, to: user.email });
  }

  /**
   * Does what a token that came by mail is for: verifies the address, opens the account that waited for that, makes the
   * change of address, or takes it back.
   * @throws {BadRequestError} for a token that is no good, and `Email in use` where somebody else has the address by now
   */
  async confirm(token: string): Promise<{ user: UserRecord; purpose: Purpose }> {
    const { actionTokens, transact } = this.options;
    const purposes = Object.keys(this.#confirmed) as Purpose[];
    try {
      return await transact(async (tx) => {
        const used = await actionTokens.use(token, purposes, tx);
        return { user: valid(await this.#confirmed[used.purpose]?.(used, tx)), purpose: used.purpose };
      });
    } catch (error) {
      if (isDuplicateKey(error)) throw new BadRequestError('Email in use', 'token');
      throw error;
    }
  }

  async #verify({ user: id, email }: ActionTokenRecord, tx: Transaction): Promise<UserRecord> {
    const { users, actionTokens } = this.options;
    const user = valid(await users.changeEnabled(id, { email }, { $set: { emailVerified: true } }, tx));
    await actionTokens.endAll(user, tx, ['verification']);
    return user;
  }

  /**
   * Where others signed up with that address too, nobody can tell whose password it is that was confirmed: the account
   * has none of theirs then, and the owner of the address is sent a way to choose one.
   */
  async #open({ email, password = '', name }: ActionTokenRecord, tx: Transaction): Promise<UserRecord> {
    const { users, passwords, actionTokens, outbox } = this.options;
    const isContested = (await actionTokens.endSignups(email, tx)) > 0;
    const verified = {
      ...{ email, password: isContested ? passwords.nobodys() : password, emailVerified: true },
      ...(name !== undefined && { name }),
    };
    // Not by `save`, which would take the hash for a password in plain text.
    const [opened] = await users.insertMany([verified], { session: tx });
    const user = valid(opened).toObject();
    if (isContested) await outbox.add({ kind: 'password-choice', user: user._id, to: email }, tx);
    return user;
  }

  async #changeEmail({ user: id, email }: ActionTokenRecord, tx: Transaction): Promise<UserRecord> {
    const { users, actionTokens } = this.options;
    const change = { $set: { email, emailVerified: true }, $unset: { pendingEmail: 1 as const } };
    // Only where it is still the address that was asked for last.
    const user = valid(await users.changeEnabled(id, { pendingEmail: email }, change, tx));
    await actionTokens.endAll(user, tx, ['email-change', 'verification', 'password-reset']);
    return user;
  }

  /**
   * Whoever made the change knows the password: it goes with the sessions, and the owner is sent a way to a new one. Of
   * the ways back to several addresses the oldest wins: it ends those of later changes, and none of them ends it.
   */
  async #bringBack(
    { user: id, email, askedAt = new Date(0) }: ActionTokenRecord,
    tx: Transaction,
  ): Promise<UserRecord> {
    const { users, sessions, passwords, actionTokens, outbox } = this.options;
    await this.#vacate(email, id, tx);
    const change = {
      $set: { email, password: passwords.nobodys(), emailVerified: true },
      $unset: { pendingEmail: 1 as const },
      $inc: { generation: 1 as const },
    };
    const user = valid(await users.changeEnabled(id, {}, change, tx));
    await sessions.endAll(user, tx);
    await actionTokens.endAllButWaysBack(user, tx);
    await actionTokens.endWaysBack(user, askedAt, tx);
    await outbox.withdrawNotices(user, askedAt, tx);
    await outbox.add({ kind: 'password-reset', user: user._id, to: user.email }, tx);
    return user;
  }

  /** Who signed up with the address when it fell free, and has not verified it, keeps nobody from coming back to it. */
  async #vacate(email: string, owner: ActionTokenRecord['user'], tx: Transaction): Promise<void> {
    const unproven = { email, emailVerified: false, role: 'user' as const };
    const holder = await this.options.users.findOne(unproven, null, { session: tx }).lean();
    if (holder && !holder._id.equals(owner)) await this.options.administration.remove(holder, tx);
  }
}
