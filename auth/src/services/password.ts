import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { Bulkhead } from './bulkhead';
import { formatCost, memoryOf, nodeDefaultCost, parseCost, sameCost, type ScryptCost } from './scrypt-cost';

const keyLength = 64;

interface StoredPassword {
  key: Buffer;
  salt: string;
  cost: ScryptCost;
}

/**
 * Hashes and compares passwords with scrypt (RFC 7914), taken exactly as they are sent.
 * Stored as `<key hex>.<salt hex>`, followed by `.ln=15,r=8,p=3` where the cost is not Node's default.
 */
export class Password {
  readonly #cost: ScryptCost;
  readonly #places: Bulkhead;

  /** @param options today's cost, hashes at once, and hashes that may wait behind them */
  constructor(options: { cost: ScryptCost; concurrency: number; queue: number }) {
    this.#cost = options.cost;
    this.#places = new Bulkhead(options);
  }

  /** @throws {TooBusyError} when too many hashes wait already */
  async toHash(password: string): Promise<string> {
    const salt = newSalt();
    const key = await this.#places.run(() => derive(password, salt, this.#cost));
    return this.#stored(key, salt);
  }

  /** What is stored where no password is to match until a new one is set: a random key, which none is known to lead to. */
  nobodys(): string {
    return this.#stored(randomBytes(keyLength), newSalt());
  }

  /**
   * Whether the supplied password is the stored one. Every no costs the same: one hash at today's cost and one at
   * Node's default, whether nothing is stored, what is stored is corrupt, or it is a hash of either cost (ASVS 6.3.8).
   * @throws {TooBusyError} when too many hashes wait already
   */
  async compare(stored: string | undefined, supplied: string): Promise<boolean> {
    const known = stored === undefined ? undefined : parseStored(stored);
    // Reads the cost from the hash, so raising it never locks out old accounts.
    const { key, salt, cost } = known ?? { key: Buffer.alloc(keyLength), salt: newSalt(), cost: this.#cost };
    return this.#places.run(async () => {
      const derived = await derive(supplied, salt, cost);
      if (timingSafeEqual(derived, key) && known) return true;
      const other = sameCost(cost, this.#cost) ? nodeDefaultCost : this.#cost;
      if (!sameCost(cost, other)) await derive(supplied, salt, other);
      return false;
    });
  }

  /** A password that nobody has to remember. */
  invent(): string {
    return randomBytes(18).toString('base64url');
  }

  /** Whether the stored hash was made at another cost than today's. */
  isOutdated(stored: string): boolean {
    const known = parseStored(stored);
    return known !== undefined && !sameCost(known.cost, this.#cost);
  }

  #stored(key: Buffer, salt: string): string {
    const parts = [key.toString('hex'), salt];
    if (!sameCost(this.#cost, nodeDefaultCost)) parts.push(formatCost(this.#cost));
    return parts.join('.');
  }
}

const newSalt = (): string => randomBytes(16).toString('hex');

/** Undefined where the text is no hash of ours. */
function parseStored(stored: string): StoredPassword | undefined {
  const [, key, salt, costText] =
    /^([0-9a-f]{128})\.((?:[0-9a-f]{2}){8,32})(?:\.([a-z0-9=,]+))?$/.exec(stored) ?? [];
  if (key === undefined || salt === undefined) return undefined;
  const cost = costText === undefined ? nodeDefaultCost : parseCost(costText);
  return cost && { key: Buffer.from(key, 'hex'), salt, cost };
}

function derive(password: string, salt: string, cost: ScryptCost): Promise<Buffer> {
  // Twice what a hash holds: OpenSSL counts its own blocks against maxmem too.
  const options = { N: 2 ** cost.ln, r: cost.r, p: cost.p, maxmem: 2 * memoryOf(cost) };
  return new Promise((resolve, reject) => {
    scrypt(password, salt, keyLength, options, (error, key) => {
      if (error) reject(error);
      else resolve(key);
    });
  });
}
