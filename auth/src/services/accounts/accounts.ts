import type { Logger } from 'pino';
import { BadRequestError } from '../../errors/bad-request-error';
import { CallerGoneError } from '../../errors/caller-gone-error';
import { TooBusyError } from '../../errors/too-busy-error';
import { isDuplicateKey } from '../../models/database';
import type { DeviceRecord } from '../../models/device';
import type { UserAttrs, UserDoc, UserModel, UserRecord } from '../../models/user';
import type { Audit } from '../audit/audit';
import type { Caller } from '../caller';
import type { Limits } from '../limits/limits';
import type { Outbox } from '../mail/outbox';
import type { Metrics } from '../metrics/metrics';
import type { Match, Password } from '../passwords/password';
import type { PasswordRules } from '../passwords/password-rules';
import type { Devices } from '../sessions/devices';
import type { AccountCleanup, TidyingTransaction } from './account-cleanup';
import { countSignIns } from './count-sign-ins';

export type Credentials = Pick<UserAttrs, 'email' | 'password'>;

/** Whose password was right, and the browser if the account has signed in from it before. */
export interface SignedIn {
  user: UserRecord;
  device: DeviceRecord | undefined;
}

export interface AccountsOptions {
  users: UserModel;
  devices: Devices;
  passwords: Password;
  passwordRules: PasswordRules;
  cleanup: AccountCleanup;
  audit: Audit;
  limits: Limits;
  metrics?: Metrics | undefined;
  logger: Logger;
  /** Undefined where the service sends no mail. */
  outbox?: Outbox | undefined;
  /** Whether only users whose address is verified can sign in. */
  requireVerifiedEmail: boolean;
}

/** Creating accounts and signing in. */
export class Accounts {
  readonly #counted: ReturnType<typeof countSignIns>;

  constructor(private readonly options: AccountsOptions) {
    this.#counted = countSignIns(options.metrics);
  }

  /**
   * Creates an account and sends a verification link, unless its address has had too many mails: the user asks again.
   * @throws {BadRequestError} `Email in use`, and for a password that the rules refuse
   * @throws {TooManyRequestsError}
   */
  async signUp(attrs: UserAttrs, caller: Caller): Promise<UserRecord> {
    const { users, passwordRules, limits, outbox } = this.options;
    await limits.spend('signUp', caller);
    await passwordRules.require(attrs.password, attrs);
    // Counted only for whoever gets the address, and once, although a transaction may be repeated.
    let isMailed: boolean | undefined;
    return this.#create(users.build(attrs), caller, async (created, { tx, record }) => {
      const mail = { kind: 'verification', user: created, to: created.email } as const;
      if (outbox && (isMailed ??= await limits.allowsMail(mail.to, caller))) await outbox.ask(mail, tx);
      await record({ action: 'signed-up', user: created._id, actor: created._id });
    });
  }

  /**
   * Requests an account that is created once its address is verified. The password is held to the rules and forgotten:
   * whoever has the mailbox chooses one. Responses and their timing do not reveal whether an account exists: only the
   * mail worker looks, and tells the owner by mail.
   * @throws {TooManyRequestsError}
   */
  async requestSignUp(attrs: UserAttrs, outbox: Outbox, caller: Caller): Promise<void> {
    const { passwordRules, passwords, limits, audit } = this.options;
    await limits.spend('signUpByMail', caller, { recipient: attrs.email });
    await passwordRules.require(attrs.password, attrs);
    await outbox.ask({ kind: 'signup', to: attrs.email, password: passwords.unusableHash() });
    audit.note({ action: 'signup-requested' }, caller);
  }

  /**
   * Creates an admin, whose address counts as verified because an operator gives it.
   * @throws {BadRequestError} `Email in use`; an existing user is not promoted, because anybody may have signed up with
   * that address
   */
  async createAdmin(attrs: UserAttrs, caller: Caller): Promise<UserRecord> {
    const { users, passwordRules } = this.options;
    await passwordRules.require(attrs.password, attrs);
    const admin = users.build(attrs).set({ role: 'admin', emailVerified: true });
    return this.#create(admin, caller, ({ _id, role }, { record }) =>
      record({ action: 'signed-up', user: _id, detail: role }),
    );
  }

  /**
   * @throws {BadRequestError} `Invalid credentials`, after the same work whatever is wrong with them; `Email not
   * verified`, where that is required and the password is right: a new verification mail is sent then,
   * unless the address has had too many
   * @throws {TooManyRequestsError}
   */
  signIn(credentials: Credentials, caller: Caller): Promise<SignedIn> {
    return this.#counted(this.#signIn(credentials, caller));
  }

  async #signIn({ email, password }: Credentials, caller: Caller): Promise<SignedIn> {
    const { users, devices, audit, limits } = this.options;
    let reading: Promise<UserRecord | undefined> | undefined;
    const read = () => (reading ??= users.findByAddress(email));
    let device: DeviceRecord | undefined;
    const knownDevice = async () => (device = await devices.find(await read(), caller))?._id;
    const check = async () => this.#check(await read(), password, caller);
    const checked = await limits.guess('signIn', caller, email, check, knownDevice);
    if (!checked) throw new BadRequestError('invalid_credentials');
    const { user, match } = checked;
    if (this.mustVerify(user)) {
      await this.#sendVerification(user, caller);
      audit.refuse('signed-in', caller, user._id);
      throw new BadRequestError('email_not_verified', 'email');
    }
    if (match === 'outdated') await this.#tryRehash(user, password, caller);
    return { user, device };
  }

  /** Whether the user must verify the address before signing in. */
  mustVerify({ emailVerified }: UserRecord): boolean {
    return this.options.requireVerifiedEmail && !emailVerified;
  }

  async #sendVerification(user: UserRecord, caller: Caller): Promise<void> {
    const { outbox, limits } = this.options;
    if (!outbox || !(await limits.allowsMail(user.email, caller))) return;
    await outbox.ask({ kind: 'verification', user, to: user.email });
  }

  async #check(
    account: UserRecord | undefined,
    password: string,
    caller: Caller,
  ): Promise<{ user: UserRecord; match: Match } | undefined> {
    // A disabled account answers like a missing one, even to the right password.
    const user = account?.disabled ? undefined : account;
    const match = await this.options.passwords.match(user?.password, password, caller);
    if (user && match) return { user, match };
    this.options.audit.refuse('signed-in', caller, account?._id);
    return undefined;
  }

  /** A failure refuses nobody: the old hash goes on working, and the next sign-in tries again. */
  async #tryRehash(user: UserRecord, password: string, caller: Caller): Promise<void> {
    try {
      await this.#rehash(user, password, caller);
    } catch (err) {
      if (err instanceof CallerGoneError) throw err;
      // The line for hashes is full, which the log says of the requests that are turned away.
      if (err instanceof TooBusyError) return;
      const about = { err, event: 'password_not_rehashed', userId: user._id };
      this.options.logger.warn(about, 'a password keeps its old hash');
    }
  }

  async #rehash(user: UserRecord, password: string, caller: Caller): Promise<void> {
    const hash = await this.options.passwords.toHash(password, caller);
    // Only if the old hash is still stored: a password that was changed meanwhile must not come back.
    const unchanged = { _id: user._id, password: user.password };
    await this.options.users.updateOne(unchanged, { password: hash }, { timestamps: false });
  }

  /**
   * Saves a new account, and what belongs to it. The unique index decides whether its address is free.
   * @throws {BadRequestError} `Email in use`
   */
  async #create(
    user: UserDoc,
    caller: Caller,
    withIt: (created: UserRecord, transaction: TidyingTransaction) => Promise<void>,
  ): Promise<UserRecord> {
    const { users, passwords, cleanup, audit } = this.options;
    await user.hashPassword((plain) => passwords.toHash(plain, caller));
    try {
      return await cleanup.transact(caller, async (transaction) => {
        // An earlier attempt may have saved it and been rolled back.
        user.isNew = true;
        await user.save({ session: transaction.tx });
        await users.requireUniqueAddress(transaction.tx);
        const created = user.toObject();
        await withIt(created, transaction);
        return created;
      });
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
      audit.refuse('signed-up', caller);
      throw new BadRequestError('email_in_use', 'email');
    }
  }
}
