import type { StoredKey } from '../../models/keyring';

/** When keys begin and end, all in seconds. */
export interface KeyTimes {
  /** For so long a key signs, before the next one does by itself. */
  rotationSeconds: number;
  /** For so long a key is published before it signs. */
  graceSeconds: number;
  /** For so long a key verifies after it has signed for the last time: as long as a session lives without use. */
  keptSeconds: number;
}

// Each reading costs one small query.
const maxPollMs = 5000;

/** How often every process reads the keyring, in milliseconds: well within a grace. */
export const pollMsOf = ({ graceSeconds }: KeyTimes): number =>
  Math.min(maxPollMs, (graceSeconds * 1000) / 6);

export const keyStates = ['next', 'current', 'previous'] as const;
export type KeyState = (typeof keyStates)[number];

/** How many keys there are at most. Past that no key is made until the oldest one is over. */
export const maxKeys = 50;

// So long the version before the keyring may run beside this one. It knows its own key only.
const importedMs = 24 * 60 * 60 * 1000;

/** The key that signs at that time by the database's clock. The keys are in the order in which they sign. */
export function signerAt(keys: readonly StoredKey[], now: Date): StoredKey | undefined {
  const able = keys.filter(({ sealed }) => sealed);
  // The first where the clock was set back.
  return able.findLast(({ signsFrom }) => signsFrom <= now) ?? able[0];
}

export function stateOf(key: StoredKey, keys: readonly StoredKey[], now: Date): KeyState {
  const signer = signerAt(keys, now);
  if (!signer || key.kid === signer.kid) return 'current';
  return key.signsFrom > signer.signsFrom ? 'next' : 'previous';
}

/** When a key stops signing; undefined where no later one is there yet. */
export const stopOf = (key: StoredKey, keys: readonly StoredKey[]): Date | undefined =>
  keys.find(({ signsFrom }) => signsFrom > key.signsFrom)?.signsFrom;

/** When the key that comes after a key is to sign. */
export const dueAt = ({ signsFrom }: StoredKey, { rotationSeconds }: KeyTimes): Date =>
  later(signsFrom, rotationSeconds * 1000);

/** Whether it is time to publish the next key. */
export function isNextDue(keys: readonly StoredKey[], now: Date, times: KeyTimes): boolean {
  const last = keys.at(-1);
  if (!last || last.signsFrom > now || keys.length >= maxKeys) return false;
  return later(now, times.graceSeconds * 1000) >= dueAt(last, times);
}

/** When a key that is published now may sign. */
export function nextSigns(last: StoredKey, now: Date, { graceSeconds }: KeyTimes): Date {
  const published = later(now, graceSeconds * 1000);
  const earliest = last.imported ? later(last.signsFrom, importedMs) : published;
  return earliest > published ? earliest : published;
}

/**
 * The keys without those that verify no more, and without the private part of those that sign no more: once every process
 * knows it. Returns the same array where nothing has changed.
 */
export function tidied(keys: StoredKey[], now: Date, { graceSeconds, keptSeconds }: KeyTimes): StoredKey[] {
  const isPast = (key: StoredKey, seconds: number): boolean => {
    const stop = stopOf(key, keys);
    return stop !== undefined && later(stop, seconds * 1000) <= now;
  };
  const kept = keys.filter((key) => !isPast(key, keptSeconds));
  const stripped = kept.map((key) => (key.sealed && isPast(key, graceSeconds) ? withoutPrivate(key) : key));
  const isSame = stripped.length === keys.length && stripped.every((key, n) => key === keys[n]);
  return isSame ? keys : stripped;
}

function withoutPrivate({ kid, x, y, createdAt, signsFrom, imported }: StoredKey): StoredKey {
  return { kid, x, y, createdAt, signsFrom, ...(imported && { imported }) };
}

export const later = (time: Date, ms: number): Date => new Date(time.getTime() + ms);
