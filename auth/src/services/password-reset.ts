import type { Transact } from '../models/database';
import type { UserModel, UserRecord } from '../models/user';
import { valid, type ActionTokens } from './action-tokens';
import type { Outbox } from './outbox';
import type { Password } from './password';
import type { PasswordRules } from './password-rules';
import type { Sessions } from './sessions';

export interface PasswordResetOptions {
  users: UserModel;
  sessions: Sessions;
  passwords: Password;
  passwordRules: PasswordRules;
  actionTokens: ActionTokens;
  outbox: Outbox;
  transact: Transact;
}

/** The way back in for who has forgotten a password (ASVS 6.4.3). */
export class PasswordReset {
  constructor(private readonly options: PasswordResetOptions) {}

  /** Writes the same and takes the same time whether or not there is such an account: that is found out when it is sent. */
  async request(email: string): Promise<void> {
    await this.options.outbox.add({ kind: 'password-reset', to: email });
  }

  /**
   * Sets a new password, ends every session, and tells the owner.
   * @throws {BadRequestError} for a token that is no good, and for a password that the rules refuse
   */
  async confirm(token: string, password: string): Promise<UserRecord> {
    const { users, sessions, actionTokens, passwords, passwordRules, transact, outbox } = this.options;
    const owner = await actionTokens.read(token, ['password-reset']);
    await passwordRules.require(password, owner);
    const hash = await passwords.toHash(password);
    return transact(async (tx) => {
      const { user: id, email } = await actionTokens.use(token, ['password-reset'], tx);
      const change = {
        // Who can read the mail has the address, so it is verified too.
        $set: { password: hash, emailVerified: true },
        $unset: { pendingEmail: 1 as const },
        $inc: { generation: 1 as const },
      };
      const user = valid(await users.changeEnabled(id, { email }, change, tx));
      await sessions.endAll(user, tx);
      await actionTokens.endAll(user, tx, ['password-reset']);
      await outbox.add({ kind: 'password-changed', user: user._id, to: user.email }, tx);
      return user;
    });
  }
}
