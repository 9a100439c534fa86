import type { AuditRecord } from '../models/audit-entry';
import type { LiveSession, SessionRecord } from '../models/session';
import { profileOf, type Profile } from '../models/profile';
import type { UserRecord } from '../models/user';

/** A user in a response. */
export const presentUser = (user: UserRecord) => ({
  id: user._id.toHexString(),
  email: user.email,
  ...presentProfile(user),
  role: user.role,
  emailVerified: user.emailVerified,
  createdAt: user.createdAt,
  updatedAt: user.updatedAt,
  version: user.version,
});

// An account from elsewhere may have a name that is none.
const presentProfile = (user: UserRecord): Profile =>
  Object.fromEntries(
    Object.entries(profileOf(user)).filter(([, value]) => typeof value === 'string' && value !== ''),
  );

/** A user in a response to an admin. */
export const presentUserToAdmin = (user: UserRecord) => ({ ...presentUser(user), disabled: user.disabled });

/** A session in a response; `current` is the session of the request. */
export const presentSession = (session: SessionRecord, current: LiveSession) => ({
  id: session._id,
  current: session._id === current.session._id,
  createdAt: session.createdAt,
  lastUsedAt: session.lastUsedAt,
  expiresAt: session.expiresAt,
  ip: session.ip,
  userAgent: session.userAgent,
});

const presentFacts = ({ _id, at, action, outcome, detail, count }: AuditRecord) => ({
  id: _id.toHexString(),
  at,
  action,
  outcome,
  ...(detail !== undefined && { detail }),
  ...(count !== undefined && { count }),
});

const presentClient = ({ from }: AuditRecord) => from && { ip: from.ip, userAgent: from.userAgent };

/** An entry of the audit trail in a response to an admin. */
export const presentAuditEntry = (entry: AuditRecord) => ({
  ...presentFacts(entry),
  ...(entry.user && { user: entry.user.toHexString() }),
  ...(entry.actor !== undefined && { actor: entry.actor }),
  ...presentClient(entry),
  ...(entry.requestId !== undefined && { requestId: entry.requestId }),
});

/**
 * An entry in a response to the user whom it is about. Of others it has neither address nor browser: not of an admin, and
 * not of those who tried a password or a link.
 */
export function presentActivity(entry: AuditRecord) {
  const { actor, outcome } = entry;
  const by = actor === undefined ? undefined : byWhom(actor, entry);
  const isShown = by === undefined ? outcome === 'success' : by === 'you';
  return { ...presentFacts(entry), ...(by && { by }), ...(isShown && presentClient(entry)) };
}

function byWhom(actor: string, { user }: AuditRecord): 'you' | 'operator' | 'admin' {
  if (actor === 'operator') return actor;
  return actor === user?.toHexString() ? 'you' : 'admin';
}
