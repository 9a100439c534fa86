import { linkLifetimes } from '../../models/link-purposes';
import { isCurrent } from '../../models/revocation';
import type { UserRecord } from '../../models/user';

/** An address that waits for its confirmation, and until when. */
export interface PendingEmail {
  email: string;
  expiresAt: Date;
}

/**
 * The address that an account has asked for, as long as a link to it could confirm it. Whether such a link was sent is not
 * looked at: none is where another account has the address, and nobody is to learn that.
 */
export function pendingEmailOf(user: UserRecord, now: Date): PendingEmail | undefined {
  const { pendingEmail: email, pendingEmailAt: requestedAt } = user;
  if (email === undefined || !(requestedAt instanceof Date)) return undefined;
  const expiresAt = new Date(requestedAt.getTime() + linkLifetimes['email-change']);
  const isWaiting = now < expiresAt && isCurrent(user, 'email-change', { requestedAt });
  return isWaiting ? { email, expiresAt } : undefined;
}
