import type { LinkPurpose } from './link-purposes';

/** Which sessions of the account an event ends. */
type SessionEnding = 'none' | 'one' | 'others' | 'all';
/** What becomes of links that were sent before the event; `later` ends those of this change of address and later ones. */
type LinkEnding = 'kept' | 'ended' | 'later';
/** What an account counts the ends of. */
export type Ended = AccountLink | 'devices';
/** The links of an account. A sign-up link belongs to none yet. */
export type AccountLink = Exclude<LinkPurpose, 'signup'>;

export interface EventEffects {
  sessions: SessionEnding;
  /** Whether JWTs with a smaller `gen` are no longer valid for other services. */
  raisesGen: boolean;
  /** Whether browsers that the account has signed in from are known no more. */
  devices: 'kept' | 'ended';
  /** By purpose. A queued mail ends together with the link that it would carry. */
  links: Readonly<Record<AccountLink, LinkEnding>>;
}

const keepLinks = {
  verification: 'kept',
  'password-reset': 'kept',
  'email-change': 'kept',
  'email-change-undo': 'kept',
  'account-reopening': 'kept',
} as const;

// The undo link stays: it belongs to the owner of the old address, whoever controls the account now.
const endAllButUndo = {
  verification: 'ended',
  'password-reset': 'ended',
  'email-change': 'ended',
  'email-change-undo': 'kept',
  'account-reopening': 'ended',
} as const;

const endAll = { ...endAllButUndo, 'email-change-undo': 'ended' } as const;
const nothing = { sessions: 'none', raisesGen: false, devices: 'kept', links: keepLinks } as const;

/** What each event of an account ends (S64). The code reads this table, and docs/revocation.md prints it. */
export const accountEvents = {
  'signed-out': { sessions: 'one', raisesGen: false, devices: 'kept', links: keepLinks },
  'others-signed-out': { sessions: 'others', raisesGen: false, devices: 'kept', links: keepLinks },
  'signed-out-by-admin': { sessions: 'all', raisesGen: true, devices: 'kept', links: keepLinks },
  'password-changed': {
    sessions: 'others',
    raisesGen: true,
    devices: 'kept',
    // Whoever requested these may have known the old password.
    links: { ...keepLinks, 'password-reset': 'ended', 'email-change': 'ended' },
  },
  'password-reset': {
    sessions: 'all',
    raisesGen: true,
    devices: 'ended',
    links: { ...keepLinks, 'password-reset': 'ended', 'email-change': 'ended' },
  },
  'email-change-requested': { ...nothing, links: { ...keepLinks, 'email-change': 'ended' } },
  'email-changed': { ...nothing, links: endAllButUndo },
  'email-change-undone': {
    sessions: 'all',
    raisesGen: true,
    devices: 'ended',
    links: { ...endAllButUndo, 'email-change-undo': 'later' },
  },
  'email-change-declined': { ...nothing, links: { ...keepLinks, 'email-change': 'ended' } },
  verified: { ...nothing, links: { ...keepLinks, verification: 'ended' } },
  disabled: { sessions: 'all', raisesGen: true, devices: 'kept', links: endAllButUndo },
  enabled: nothing,
  'role-changed': nothing,
  // These links bring a closed account back.
  closed: {
    sessions: 'all',
    raisesGen: true,
    devices: 'ended',
    links: { ...endAllButUndo, 'account-reopening': 'kept' },
  },
  'brought-back': { sessions: 'all', raisesGen: true, devices: 'ended', links: endAllButUndo },
  deleted: { sessions: 'all', raisesGen: true, devices: 'ended', links: endAll },
  restored: { sessions: 'all', raisesGen: true, devices: 'ended', links: endAll },
  'keys-revoked': { sessions: 'all', raisesGen: true, devices: 'kept', links: keepLinks },
} as const satisfies Record<string, EventEffects>;

export type AccountEvent = keyof typeof accountEvents;

export const accountLinks = Object.keys(keepLinks) as AccountLink[];

/** Whether a link of that purpose brings a closed account back. */
export const bringsBack = (purpose: LinkPurpose): boolean =>
  purpose !== 'signup' && accountEvents.closed.links[purpose] === 'kept';
