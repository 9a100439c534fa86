import { BadRequestError } from '../errors/bad-request-error';
import { isDuplicateKey, type Transact } from '../models/database';
import type { UserAttrs, UserModel, UserRecord } from '../models/user';
import type { Outbox } from './outbox';
import type { Password } from './password';
import type { PasswordRules } from './password-rules';

export type Credentials = Pick<UserAttrs, 'email' | 'password'>;

export interface AccountsOptions {
  users: UserModel;
  passwords: Password;
  passwordRules: PasswordRules;
  transact: Transact;
  /** None where the service sends no mail. */
  outbox?: Outbox | undefined;
  /** Whether only those sign in whose address is verified. */
  requireVerifiedEmail: boolean;
}

/** How people come by an account, and into it. */
export class Accounts {
  constructor(private readonly options: AccountsOptions) {}

  /** @throws {BadRequestError} `Email in use`, and for a password that the rules refuse */
  async signUp(attrs: UserAttrs): Promise<UserRecord> {
    const { users, passwordRules, outbox, transact } = this.options;
    await passwordRules.require(attrs.password, attrs);
    const user = users.build(attrs);
    await user.hashPassword();
    return unlessInUse(() =>
      transact(async (tx) => {
        // A try before this one may have stored it, and been rolled back.
        user.isNew = true;
        await user.save({ session: tx });
        await outbox?.add({ kind: 'verification', user: user._id, to: user.email }, tx);
        return user.toObject();
      }),
    );
  }

  /**
   * Opens an account once its address is verified. Writes the same and takes the same time whether or not somebody has
   * that address: it is looked at when the mail is written, which says so to its owner.
   */
  async requestSignUp({ email, password, name }: UserAttrs, outbox: Outbox): Promise<void> {
    await this.options.passwordRules.require(password, { email });
    const hash = await this.options.passwords.toHash(password);
    await outbox.add({ kind: 'signup', to: email, password: hash, ...(name !== undefined && { name }) });
  }

  /**
   * Opens an account that is an admin's, and whose address needs no verification: whoever may do this vouches for it.
   * @throws {BadRequestError} `Email in use`, also where it is a user's who could be made an admin: anybody may have
   * signed up with that address
   */
  async createAdmin(attrs: UserAttrs): Promise<UserRecord> {
    await this.options.passwordRules.require(attrs.password, attrs);
    const admin = this.options.users.build(attrs).set({ role: 'admin', emailVerified: true });
    return unlessInUse(async () => (await admin.save()).toObject());
  }

  /**
   * @throws {BadRequestError} `Invalid credentials`, after the same work whatever is wrong with them; and `Email not
   * verified` to who knows the password, where that is asked for: a new mail is on its way then
   */
  async signIn({ email, password }: Credentials): Promise<UserRecord> {
    const found = await this.options.users.findOne({ email }).lean();
    // A disabled account is as good as none, also to who knows its password.
    const user = found?.disabled ? undefined : found;
    const matches = await this.options.passwords.compare(user?.password, password);
    if (!user || !matches) throw new BadRequestError('Invalid credentials');
    if (this.mustVerify(user)) {
      await this.options.outbox?.add({ kind: 'verification', user: user._id, to: user.email });
      throw new BadRequestError('Email not verified', 'email');
    }
    if (this.options.passwords.isOutdated(user.password)) await this.#rehash(user, password);
    return user;
  }

  /** Whether the user has to verify the address before signing in. */
  mustVerify({ emailVerified }: UserRecord): boolean {
    return this.options.requireVerifiedEmail && !emailVerified;
  }

  async #rehash(user: UserRecord, password: string): Promise<void> {
    const hash = await this.options.passwords.toHash(password);
    // Only where the old hash still stands: a password changed meanwhile must not come back.
    const unchanged = { _id: user._id, password: user.password };
    await this.options.users.updateOne(unchanged, { password: hash }, { timestamps: false });
  }
}

/** Lets the unique index decide whether an address is free. */
async function unlessInUse<T>(insert: () => Promise<T>): Promise<T> {
  try {
    return await insert();
  } catch (error) {
    if (isDuplicateKey(error)) throw new BadRequestError('Email in use', 'email');
    throw error;
  }
}
