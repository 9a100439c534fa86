import type { LinkPurpose } from '../../models/link-purposes';
import { noPendingEmail, type UserRecord } from '../../models/user';
import type { Caller } from '../caller';
import { requireValid, type ValidLink } from '../mail/email-links';
import type { TidyingTransaction } from './account-cleanup';
import type { EmailConfirmationOptions } from './confirm-link';
import { countingInvalidTokens } from './counting-invalid-tokens';

const declinable: LinkPurpose[] = ['verification', 'signup', 'email-change'];

/** "This was not me": the owner of a mailbox keeps an address out of an account that somebody else asked for. */
export class EmailDecline {
  constructor(private readonly options: EmailConfirmationOptions) {}

  /**
   * Deletes the unverified account with the address, or ends the requested change to it. The token alone suffices. A
   * sign-up that waits for its address ends with its link.
   * @returns the account, if there is one
   * @throws {BadRequestError} for an invalid token
   * @throws {TooManyRequestsError}
   */
  decline(token: string, caller: Caller): Promise<UserRecord | undefined> {
    const { audit, limits } = this.options;
    return countingInvalidTokens(audit, caller, () =>
      limits.present(caller, () => this.#decline(token, caller)),
    );
  }

  async #decline(token: string, caller: Caller): Promise<UserRecord | undefined> {
    const { emailLinks, cleanup } = this.options;
    const before = await emailLinks.findUsed(token);
    if (before?.declined) return undefined;
    try {
      return await cleanup.transact(caller, async (transaction) => {
        const used = await emailLinks.use(token, declinable, transaction.tx);
        await this.#end(used, transaction);
        await emailLinks.remember(used.link, { declined: true }, transaction.tx);
        return used.user;
      });
    } catch (error) {
      // Of two declines at once, the other one was first.
      if ((await emailLinks.findUsed(token))?.declined) return undefined;
      throw error;
    }
  }

  async #end({ link, user }: ValidLink, transaction: TidyingTransaction): Promise<void> {
    const { users, administration, now } = this.options;
    const { record } = transaction;
    if (link.purpose === 'signup') {
      await record({ action: 'signup-declined' });
      return;
    }
    const { _id } = requireValid(user);
    if (link.purpose === 'verification') {
      const { email } = link;
      // An admin's account was not opened by a stranger: an admin gave it that role.
      const unverified = { _id, email, emailVerified: false, role: 'user' as const };
      const { tx } = transaction;
      const current = await users.findOne(unverified, null, { session: tx }).lean();
      await administration.remove(requireValid(current), { reason: 'address declined' }, transaction);
      return;
    }
    const state = { _id, pendingEmail: link.email };
    const update = { $unset: noPendingEmail };
    const context = { now: now(), tx: transaction.tx };
    requireValid(await users.applyEvent('email-change-declined', state, update, context));
    await record({ action: 'email-change-declined', user: _id });
    await transaction.tidy({ user: _id });
  }
}
