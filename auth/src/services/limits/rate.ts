/** How much of something is allowed within a window, which begins with the first of it. */
export interface Rate {
  points: number;
  seconds: number;
}

const unitSeconds = { s: 1, m: 60, h: 60 * 60, d: 24 * 60 * 60 } as const;
const maxWindowSeconds = unitSeconds.d;

const isUnit = (text: string): text is keyof typeof unitSeconds => text in unitSeconds;

/** Reads a text like `50/1h`. Undefined where it is not one, or its window is longer than a day. */
export function parseRate(text: string): Rate | undefined {
  const [, points, length, unit = ''] = /^([1-9]\d{0,8})\/([1-9]\d{0,4})([smhd])$/.exec(text) ?? [];
  if (!isUnit(unit)) return undefined;
  const seconds = Number(length) * unitSeconds[unit];
  return seconds > maxWindowSeconds ? undefined : { points: Number(points), seconds };
}
