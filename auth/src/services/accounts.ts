import { BadRequestError } from '../errors/bad-request-error';
import { isDuplicateKey } from '../models/database';
import type { UserAttrs, UserDoc, UserModel, UserRecord } from '../models/user';
import type { Password } from './password';

export type Credentials = Pick<UserAttrs, 'email' | 'password'>;

export interface AccountsOptions {
  users: UserModel;
  passwords: Password;
}

/** How people come by an account, and into it. */
export class Accounts {
  constructor(private readonly options: AccountsOptions) {}

  /** @throws {BadRequestError} `Email in use` */
  signUp(attrs: UserAttrs): Promise<UserRecord> {
    return this.#save(this.options.users.build(attrs));
  }

  /**
   * Opens an account that is an admin's, and whose address needs no verification: whoever may do this vouches for it.
   * @throws {BadRequestError} `Email in use`, also where it is a user's who could be made an admin: anybody may have
   * signed up with that address
   */
  createAdmin(attrs: UserAttrs): Promise<UserRecord> {
    return this.#save(this.options.users.build(attrs).set({ role: 'admin', emailVerified: true }));
  }

  /** @throws {BadRequestError} `Invalid credentials`, after the same work whatever is wrong with them */
  async signIn({ email, password }: Credentials): Promise<UserRecord> {
    const user = await this.options.users.findOne({ email }).lean();
    const matches = await this.options.passwords.compare(user?.password, password);
    if (!user || !matches || user.disabled) throw new BadRequestError('Invalid credentials');
    if (this.options.passwords.isOutdated(user.password)) await this.#rehash(user, password);
    return user;
  }

  async #save(user: UserDoc): Promise<UserRecord> {
    try {
      return (await user.save()).toObject();
    } catch (error) {
      if (isDuplicateKey(error)) throw new BadRequestError('Email in use', 'email');
      throw error;
    }
  }

  async #rehash(user: UserRecord, password: string): Promise<void> {
    const hash = await this.options.passwords.toHash(password);
    // Only where the old hash still stands: a password changed meanwhile must not come back.
    const unchanged = { _id: user._id, password: user.password };
    await this.options.users.updateOne(unchanged, { password: hash }, { timestamps: false });
  }
}
