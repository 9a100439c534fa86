import type { LiveSession, SessionRecord } from '../models/session';
import type { UserRecord } from '../models/user';

/** A user on the wire. */
export const presentUser = (user: UserRecord) => ({
  id: user._id.toHexString(),
  email: user.email,
  ...(user.name !== undefined && { name: user.name }),
  role: user.role,
  emailVerified: user.emailVerified,
  createdAt: user.createdAt,
  updatedAt: user.updatedAt,
  version: user.version,
});

/** A user as an admin sees it. */
export const presentAccount = (user: UserRecord) => ({ ...presentUser(user), disabled: user.disabled });

/** A session on the wire, as seen from the session that asks. */
export const presentSession = (session: SessionRecord, asking: LiveSession) => ({
  id: session._id,
  current: session._id === asking.session._id,
  createdAt: session.createdAt,
  lastUsedAt: session.lastUsedAt,
  expiresAt: session.expiresAt,
  ip: session.ip,
  userAgent: session.userAgent,
});
