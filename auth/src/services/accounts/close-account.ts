import type { ClosedAccountModel } from '../../models/closed-account';
import type { UserRecord } from '../../models/user';
import type { Outbox } from '../mail/outbox';
import type { Password } from '../passwords/password';
import type { TidyingTransaction } from './account-cleanup';
import type { Administration } from './administration';

export interface CloseAccountOptions {
  closedAccounts: ClosedAccountModel;
  administration: Administration;
  passwords: Password;
  /** Undefined where the service sends no mail: no link could bring a closed account back. */
  outbox?: Outbox | undefined;
  /** How long a closed account can be brought back; 0 deletes it at once. */
  closedAccountSeconds: number;
  now: () => Date;
}

// The mail about an account that is deleted at once: longer than it is tried to send it.
const noticeKeptSeconds = 24 * 60 * 60;

/**
 * Closes an account within the caller's transaction. The address is free at once. The account is kept aside for a time, in
 * which links bring it back.
 * @param isTold whether the owner is told by mail: somebody who knows the password may have closed it
 * @throws {LastAdminError}
 */
export async function closeAccount(
  user: UserRecord,
  isTold: boolean,
  options: CloseAccountOptions,
  transaction: TidyingTransaction,
): Promise<void> {
  const { closedAccounts, administration, passwords, outbox, closedAccountSeconds, now } = options;
  const { tx, tidy, record } = transaction;
  const closedAt = now();
  const after = (seconds: number): Date => new Date(closedAt.getTime() + seconds * 1000);
  const notice = { kind: 'account-closed', to: user.email, user } as const;
  if (!outbox || closedAccountSeconds === 0) {
    await administration.remove(user, { reason: 'closed' }, transaction);
    if (isTold) await outbox?.add({ ...notice, nameless: true, expiresAt: after(noticeKeptSeconds) }, tx);
    return;
  }
  const expiresAt = after(closedAccountSeconds);
  await administration.takeOut(user, tx);
  // Without the password's hash, which nobody needs any more.
  await closedAccounts.keep({ ...user, password: passwords.unusableHash() }, { closedAt, expiresAt }, tx);
  if (isTold) await outbox.add({ ...notice, expiresAt }, tx);
  await record({ action: 'closed', user: user._id, until: expiresAt });
  await tidy({ closed: user._id });
}
