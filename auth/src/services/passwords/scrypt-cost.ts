/** The cost of one scrypt hash (RFC 7914): N = 2^ln blocks of 128 × r bytes, computed p times. */
export interface ScryptCost {
  readonly ln: number;
  readonly r: number;
  readonly p: number;
}

/** The default of crypto.scrypt, and so the cost of a stored hash that names none. */
export const nodeDefaultCost: ScryptCost = { ln: 14, r: 8, p: 1 };

/** Bytes that one hash uses while it runs. */
export const memoryOf = ({ ln, r, p }: ScryptCost): number => 128 * r * (2 ** ln + p);

export const sameCost = (a: ScryptCost, b: ScryptCost): boolean =>
  a.ln === b.ln && a.r === b.r && a.p === b.p;

export const formatCost = ({ ln, r, p }: ScryptCost): string => `ln=${ln},r=${r},p=${p}`;

// A hash more expensive than this could take the service down.
const maxMemory = 2 ** 28;
const maxParallelization = 64;

/** Reads `ln=15,r=8,p=3`; undefined for other text, and for more than 256 MiB or 64 rounds. */
export function parseCost(text: string): ScryptCost | undefined {
  const [, ln, r, p] = /^ln=([1-9]\d?),r=([1-9]\d?),p=([1-9]\d?)$/.exec(text) ?? [];
  const cost = { ln: Number(ln), r: Number(r), p: Number(p) };
  return memoryOf(cost) <= maxMemory && cost.p <= maxParallelization ? cost : undefined;
}

/**
 * Whether a hash costs an attacker at least as much as the weakest scrypt setting that the
 * OWASP Password Storage Cheat Sheet lists (2^13 blocks of 1 KiB, 10 times).
 */
export const isStrong = ({ ln, r, p }: ScryptCost): boolean =>
  ln >= 13 && 2 ** ln * r * p >= 2 ** 13 * 8 * 10;
