import type { ClosedAccountModel } from '../../models/closed-account';
import type { MailModel, MailRecord } from '../../models/mail';
import type { SessionModel } from '../../models/session';
import type { UserModel, UserRecord } from '../../models/user';
import type { Audit } from '../audit/audit';
import type { Caller } from '../caller';
import type { Limits, LimitState } from '../limits/limits';
import type { AccountCleanup } from './account-cleanup';

export interface SupportOptions {
  users: UserModel;
  closedAccounts: ClosedAccountModel;
  sessions: SessionModel;
  mails: MailModel;
  cleanup: AccountCleanup;
  audit: Audit;
  limits: Limits;
  maxSessions: number;
  now: () => Date;
}

/** What an operator wants to know of an address whose owner can't sign in, or gets no mail. */
export interface AddressReport {
  account: UserRecord | undefined;
  liveSessions: number;
  /** Accounts that were closed with the address, and until when a link brings them back. */
  closed: { id: string; until: Date }[];
  limits: LimitState[];
  /** The newest first. */
  mails: MailRecord[];
}

const maxMails = 20;

/** What operators do for one address, by commands. Each deed is on record. */
export class Support {
  constructor(private readonly options: SupportOptions) {}

  async report(email: string, caller: Caller): Promise<AddressReport> {
    const { users, closedAccounts, sessions, mails, audit, limits, maxSessions, now } = this.options;
    const [account, closed, limited, found] = await Promise.all([
      users.findByAddress(email),
      closedAccounts.findByAddress(email, now()),
      limits.stateOf(email),
      mails.findTo(email, maxMails),
    ]);
    const live = account ? await sessions.listLive(account, { now: now(), limit: maxSessions }) : [];
    await audit.store({ action: 'looked-up', user: account?._id }, caller);
    return {
      account,
      liveSessions: live.length,
      closed: closed.map(({ _id, expiresAt }) => ({ id: _id.toHexString(), until: expiresAt })),
      limits: limited,
      mails: found,
    };
  }

  /** Forgets what limits have counted against an address, whether or not an account has it. */
  async unblock(email: string, caller: Caller): Promise<void> {
    const { users, audit, limits } = this.options;
    const account = await users.findByAddress(email);
    await audit.store({ action: 'unblocked', user: account?._id }, caller);
    await limits.unblock(email);
  }

  /**
   * Queues mails to an address again that were given up, or that wait after a failed attempt.
   * @returns how many
   */
  resend(email: string, caller: Caller): Promise<number> {
    const { users, mails, cleanup } = this.options;
    return cleanup.transact(caller, async ({ tx, record }) => {
      const account = await users.findByAddress(email, tx);
      const count = await mails.requeue(email, tx);
      await record({ action: 'mails-resent', user: account?._id, ...(count > 0 && { count }) });
      return count;
    });
  }
}
