import {
  accountEvents,
  accountLinks,
  type AccountEvent,
  type AccountLink,
  type Ended,
  type EventEffects,
} from './account-events';

/** How often an event has ended the links of one purpose, or the known devices, and when it did last. */
export interface LinkEnd {
  count: number;
  at: Date;
}

/** The address changes that one undo voided: those requested from one version of the account to another. */
export interface UndoneChanges {
  from: number;
  to: number;
  /** The same by time, for links of the previous version of this service, which carry no account version. */
  fromDate: Date;
  toDate: Date;
}

/** What ties a link or a queued mail to the state of its account when it was requested. */
export interface LinkMark {
  /** The account's `LinkEnd.count` then. Missing where the previous version of this service wrote it. */
  epoch?: number;
  /** The account's version after an address change was requested, for its undo link. */
  version?: number;
}

/** The part of a user that ends sessions, links and queued mails without touching them (decision 15). */
export interface RevocationState {
  /** Each session belongs to a generation of its account. Raising the number ends them all. Missing means 0. */
  generation?: number;
  /** How often the generation was raised without a new JWT for the session that lived on: see `genOf`. */
  othersSignedOut?: number;
  /** Raising a count ends all links of that purpose, and the queued mails that would carry one; or all known devices. */
  ended?: Partial<Record<Ended, LinkEnd>>;
  /** The last undone address changes: their undo links are no longer valid. */
  undone?: UndoneChanges[];
}

/** What a new link or mail of that purpose, or a new device, carries as its epoch. */
export const epochOf = (user: RevocationState, purpose: Ended): number => user.ended?.[purpose]?.count ?? 0;

/** Whether no event has ended a link or queued mail since it was requested. */
export function isCurrent(
  user: RevocationState,
  purpose: AccountLink,
  mark: LinkMark & { requestedAt: Date },
): boolean {
  const end = user.ended?.[purpose];
  const ended =
    mark.epoch === undefined ? end && mark.requestedAt < end.at : mark.epoch !== (end?.count ?? 0);
  return !ended && !(purpose === 'email-change-undo' && isUndone(user, mark));
}

function isUndone({ undone = [] }: RevocationState, mark: LinkMark & { requestedAt: Date }): boolean {
  return undone.some(({ from, to, fromDate, toDate }) =>
    mark.version === undefined
      ? fromDate <= mark.requestedAt && mark.requestedAt <= toDate
      : from <= mark.version && mark.version <= to,
  );
}

/** The part of an update of the user that ends what an event ends. */
export function endingsOf(event: AccountEvent, now: Date) {
  const { sessions, raisesGen } = accountEvents[event];
  const endsSessions = sessions === 'others' || sessions === 'all';
  const ended = endedBy(event);
  return {
    $inc: {
      ...(endsSessions && { generation: 1 }),
      ...(endsSessions && !raisesGen && { othersSignedOut: 1 }),
      ...Object.fromEntries(ended.map((purpose) => [`ended.${purpose}.count`, 1])),
    },
    $set: Object.fromEntries(ended.map((purpose) => [`ended.${purpose}.at`, now])),
  };
}

/** What an event raises the counts of. */
export function endedBy(event: AccountEvent): Ended[] {
  const { links, devices }: EventEffects = accountEvents[event];
  const purposes = accountLinks.filter((purpose) => links[purpose] === 'ended');
  return devices === 'ended' ? [...purposes, 'devices'] : purposes;
}

/** The generation in JWTs. It skips the events after which one session lives on without a new JWT. */
export const genOf = ({ generation = 0, othersSignedOut = 0 }: RevocationState): number =>
  generation - othersSignedOut;
