import { noPendingEmail, type UserModel, type UserRecord } from '../../models/user';
import type { Audit } from '../audit/audit';
import type { Caller } from '../caller';
import type { Limits } from '../limits/limits';
import { requireValid, type EmailLinks } from '../mail/email-links';
import type { Outbox } from '../mail/outbox';
import type { Password } from '../passwords/password';
import type { PasswordRules } from '../passwords/password-rules';
import type { AccountCleanup } from './account-cleanup';
import { countingInvalidTokens } from './counting-invalid-tokens';

export interface PasswordResetOptions {
  users: UserModel;
  passwords: Password;
  passwordRules: PasswordRules;
  emailLinks: EmailLinks;
  limits: Limits;
  outbox: Outbox;
  cleanup: AccountCleanup;
  audit: Audit;
  now: () => Date;
}

/** Resetting a forgotten password by mail (ASVS 6.4.3). */
export class PasswordReset {
  constructor(private readonly options: PasswordResetOptions) {}

  /** Does not look for the account, so that the response cannot reveal it (enumeration). The mail worker looks. */
  async request(email: string, caller: Caller): Promise<void> {
    await this.options.limits.spend('mail', caller, { recipient: email });
    await this.options.outbox.ask({ kind: 'password-reset', to: email });
    this.options.audit.note({ action: 'password-reset-requested' }, caller);
  }

  /**
   * Sets a new password, ends every session, and tells the owner.
   * @throws {BadRequestError} for an invalid token, and for a password that the rules refuse
   * @throws {TooManyRequestsError}
   */
  confirm(token: string, password: string, caller: Caller): Promise<UserRecord> {
    const { audit, limits } = this.options;
    return countingInvalidTokens(audit, caller, () =>
      limits.present(caller, () => this.#confirm(token, password, caller)),
    );
  }

  async #confirm(token: string, password: string, caller: Caller): Promise<UserRecord> {
    const { users, emailLinks, passwords, passwordRules, limits, cleanup, outbox, now } = this.options;
    const { link } = await emailLinks.read(token, ['password-reset']);
    await passwordRules.require(password, link);
    await limits.spend('hash', caller);
    const hash = await passwords.toHash(password, caller);
    return cleanup.transact(caller, async ({ tx, tidy, record }) => {
      const used = await emailLinks.use(token, ['password-reset'], tx);
      const state = { _id: requireValid(used.user)._id, email: used.link.email, disabled: false };
      // The token came by mail, which verifies the address too.
      const update = { $set: { password: hash, emailVerified: true }, $unset: noPendingEmail };
      const user = requireValid(await users.applyEvent('password-reset', state, update, { now: now(), tx }));
      await outbox.add({ kind: 'password-changed', user, to: user.email }, tx);
      await record({ action: 'password-reset', user: user._id });
      await tidy({ user: user._id });
      return user;
    });
  }
}
