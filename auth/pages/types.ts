import type { AuditAction, AuditOutcome } from '../src/models/audit-actions';

// What the API answers: auth/docs/api.md.

export interface CurrentUser {
  id: string;
  email: string;
  name?: string;
  role: 'user' | 'admin';
  emailVerified: boolean;
  createdAt: string;
  updatedAt: string;
  version: number;
}

export type ListedUser = CurrentUser & { disabled: boolean };

/** An address that waits to be confirmed. */
export interface PendingEmail {
  email: string;
  expiresAt: string;
}

export interface Session {
  id: string;
  current: boolean;
  createdAt: string;
  lastUsedAt: string;
  expiresAt: string;
  ip: string;
  userAgent: string;
}

export interface ActivityEvent {
  id: string;
  at: string;
  action: AuditAction;
  outcome: AuditOutcome;
  detail?: string;
  count?: number;
  by?: 'you' | 'admin' | 'operator';
  /** In the audit trail, where `by` is not said. */
  user?: string;
  actor?: string;
  ip?: string;
  userAgent?: string;
}

export interface EventPage {
  events: ActivityEvent[];
  nextCursor: string | null;
}
