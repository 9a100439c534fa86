import type { AccountEvent } from './account-events';

/** Whether each success has an entry of its own, or those of a minute share one that counts them. */
type Entries = 'each' | 'minute';

type OtherAction =
  | 'signup-requested'
  | 'signup-declined'
  | 'signed-up'
  | 'signed-in'
  | 'password-confirmed'
  | 'profile-changed'
  | 'verification-requested'
  | 'password-reset-requested'
  | 'link-sent'
  | 'link-used'
  | 'mail-parked'
  | 'admin-request'
  | 'fresh-authentication'
  | 'limited'
  | 'adopted'
  | 'looked-up'
  | 'unblocked'
  | 'mails-resent'
  | 'keys-rotated'
  | 'keys-reencrypted';

/**
 * What the audit trail tells of; docs/audit.md says what each one means. Refusals always share an entry. So does what
 * costs the caller nothing, such as a hash: it can't fill the collection.
 */
export const auditActions = {
  'signup-requested': 'minute',
  'signup-declined': 'each',
  'signed-up': 'each',
  'signed-in': 'each',
  'signed-out': 'each',
  'others-signed-out': 'minute',
  'signed-out-by-admin': 'each',
  'password-confirmed': 'minute',
  'profile-changed': 'minute',
  'password-changed': 'each',
  'password-reset-requested': 'minute',
  'password-reset': 'each',
  'verification-requested': 'minute',
  verified: 'each',
  'email-change-requested': 'each',
  'email-changed': 'each',
  'email-change-declined': 'each',
  'email-change-undone': 'each',
  'link-sent': 'each',
  'link-used': 'each',
  'mail-parked': 'each',
  'admin-request': 'each',
  'fresh-authentication': 'each',
  limited: 'each',
  disabled: 'each',
  enabled: 'each',
  'role-changed': 'each',
  closed: 'each',
  'brought-back': 'each',
  deleted: 'each',
  restored: 'each',
  adopted: 'each',
  'looked-up': 'each',
  unblocked: 'each',
  'mails-resent': 'each',
  'keys-rotated': 'each',
  'keys-revoked': 'each',
  'keys-reencrypted': 'each',
} as const satisfies Record<AccountEvent | OtherAction, Entries>;

export type AuditAction = keyof typeof auditActions;

export const auditOutcomes = ['success', 'refused'] as const;
export type AuditOutcome = (typeof auditOutcomes)[number];

/** Why an account was deleted, if no admin did it. */
export type DeletionReason = 'closed' | 'address declined' | 'address restored';
