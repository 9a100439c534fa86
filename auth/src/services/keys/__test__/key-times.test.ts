import type { StoredKey } from '../../../models/keyring';
import { isNextDue, maxKeys, nextSigns, signerAt, stateOf, tidied } from '../key-times';

const day = 86_400;
const times = { rotationSeconds: 30 * day, graceSeconds: 900, keptSeconds: 7 * day };
const start = new Date('2026-01-01T00:00:00Z');
const at = (seconds: number): Date => new Date(start.getTime() + seconds * 1000);
const key = (kid: string, signsFrom: number, more: Partial<StoredKey> = {}): StoredKey => ({
  kid,
  x: 'x',
  y: 'y',
  sealed: { by: 'a', text: 'b' },
  createdAt: at(signsFrom),
  signsFrom: at(signsFrom),
  ...more,
});
const without = ({ kid, x, y, createdAt, signsFrom }: StoredKey): StoredKey => ({
  kid,
  x,
  y,
  createdAt,
  signsFrom,
});

describe('the keys', () => {
  const keys = [without(key('a', 0)), key('b', 100), key('c', 200)];

  it('sign one after the other', () => {
    expect([100, 199, 200, 9999].map((seconds) => signerAt(keys, at(seconds))?.kid)).toEqual([
      'b',
      'b',
      'c',
      'c',
    ]);
    expect(keys.map((each) => stateOf(each, keys, at(150)))).toEqual(['previous', 'current', 'next']);
  });

  it('go on where the clock is set back to before the first that can sign', () => {
    expect(signerAt(keys, at(-1000))?.kid).toBe('b');
  });

  it('are followed by the next one, which is published a grace before it signs', () => {
    const due = times.rotationSeconds - times.graceSeconds;
    expect([due - 1, due].map((seconds) => isNextDue([key('a', 0)], at(seconds), times))).toEqual([
      false,
      true,
    ]);
    expect(nextSigns(key('a', 0), at(due), times)).toEqual(at(times.rotationSeconds));
    expect(isNextDue([key('a', 0), key('b', due + 900)], at(due + 1), times)).toBe(false);
  });

  it('R15 are followed no earlier than a day after the key of the version before was imported', () => {
    const imported = key('a', 0, { imported: true });
    expect(nextSigns(imported, at(10), times)).toEqual(at(day));
    expect(nextSigns(imported, at(day), times)).toEqual(at(day + 900));
  });

  it('lose the private part a grace after they have signed, and verify until no session can have their JWT', () => {
    const two = [key('a', 0), key('b', 100)];
    expect(tidied(two, at(999), times)).toBe(two);
    expect(tidied(two, at(1000), times)).toEqual([without(key('a', 0)), key('b', 100)]);
    const later = tidied(two, at(1000), times);
    expect(tidied(later, at(99 + 7 * day), times)).toBe(later);
    expect(tidied(later, at(100 + 7 * day), times)).toEqual([key('b', 100)]);
  });

  it('S60 are not followed where there are fifty', () => {
    const many = Array.from({ length: maxKeys }, (_, n) => key(String(n), n));
    const late = at(maxKeys + times.rotationSeconds);
    expect(isNextDue(many, late, times)).toBe(false);
    expect(isNextDue(many.slice(1), late, times)).toBe(true);
  });
});
