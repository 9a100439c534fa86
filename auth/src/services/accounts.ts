import { BadRequestError } from '../errors/bad-request-error';
import { isDuplicateKey } from '../models/database';
import type { UserAttrs, UserModel, UserRecord } from '../models/user';
import type { Password } from './password';

export type Credentials = Pick<UserAttrs, 'email' | 'password'>;

/** What people do with their accounts. */
export class Accounts {
  constructor(
    private readonly users: UserModel,
    private readonly passwords: Password,
  ) {}

  /** @throws {BadRequestError} `Email in use` */
  async signUp(attrs: UserAttrs): Promise<UserRecord> {
    try {
      return (await this.users.build(attrs).save()).toObject();
    } catch (error) {
      if (isDuplicateKey(error)) throw new BadRequestError('Email in use', 'email');
      throw error;
    }
  }

  /** @throws {BadRequestError} `Invalid credentials`, after the same work whatever is wrong with them */
  async signIn({ email, password }: Credentials): Promise<UserRecord> {
    const user = await this.users.findOne({ email }).lean();
    const matches = await this.passwords.compare(user?.password, password);
    if (!user || !matches || user.disabled) throw new BadRequestError('Invalid credentials');
    if (this.passwords.isOutdated(user.password)) await this.#rehash(user, password);
    return user;
  }

  async #rehash(user: UserRecord, password: string): Promise<void> {
    const hash = await this.passwords.toHash(password);
    // Only where the old hash still stands: a password changed meanwhile must not come back.
    const unchanged = { _id: user._id, password: user.password };
    await this.users.updateOne(unchanged, { password: hash }, { timestamps: false });
  }
}
