/** The cost of one scrypt hash (RFC 7914): N = 2^ln blocks of 128 × r bytes, p times over. */
export interface ScryptCost {
  readonly ln: number;
  readonly r: number;
  readonly p: number;
}

/** What crypto.scrypt takes where it is told nothing, and so what a stored hash without a cost was made with. */
export const nodeDefaultCost: ScryptCost = { ln: 14, r: 8, p: 1 };

/** Bytes that one hash holds while it runs. */
export const memoryOf = ({ ln, r, p }: ScryptCost): number => 128 * r * (2 ** ln + p);

export const sameCost = (a: ScryptCost, b: ScryptCost): boolean =>
  a.ln === b.ln && a.r === b.r && a.p === b.p;

export const formatCost = ({ ln, r, p }: ScryptCost): string => `ln=${ln},r=${r},p=${p}`;

// A hash dearer than this is no password hash but a way to take the service down.
const mostMemory = 2 ** 28;
const mostParallel = 64;

/** Reads `ln=15,r=8,p=3`; undefined where the text is not that, or asks for over 256 MiB or 64 rounds. */
export function parseCost(text: string): ScryptCost | undefined {
  const [, ln, r, p] = /^ln=([1-9]\d?),r=([1-9]\d?),p=([1-9]\d?)$/.exec(text) ?? [];
  const cost = { ln: Number(ln), r: Number(r), p: Number(p) };
  return memoryOf(cost) <= mostMemory && cost.p <= mostParallel ? cost : undefined;
}

/**
 * Whether a hash costs an attacker at least as much as the weakest scrypt setting that the
 * OWASP Password Storage Cheat Sheet lists (2^13 blocks of 1 KiB, 10 times over).
 */
export const isStrong = ({ ln, r, p }: ScryptCost): boolean =>
  ln >= 13 && 2 ** ln * r * p >= 2 ** 13 * 8 * 10;
