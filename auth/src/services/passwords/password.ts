import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { normalForm } from '../../normal-form';
import type { Caller } from '../caller';
import type { Metrics } from '../metrics/metrics';
import type { Bulkhead } from './bulkhead';
import { measuredBulkhead } from './measured-bulkhead';
import { formatCost, memoryOf, nodeDefaultCost, parseCost, sameCost, type ScryptCost } from './scrypt-cost';

const keyLength = 64;

interface StoredPassword {
  key: Buffer;
  salt: string;
  cost: ScryptCost;
}

/** How a password matched: `outdated` where its hash is to be written anew, at today's cost and in the normal form. */
export type Match = 'current' | 'outdated';

/**
 * Hashes and compares passwords with scrypt (RFC 7914), in their normal form.
 * Stored as `<key hex>.<salt hex>`, followed by `.ln=15,r=8,p=3` where the cost is not Node's default.
 */
export class Password {
  readonly #cost: ScryptCost;
  readonly #bulkhead: Bulkhead;

  /** @param options the cost of new hashes, the number of parallel hashes, and how many may wait */
  constructor(options: {
    cost: ScryptCost;
    concurrency: number;
    queue: number;
    metrics?: Metrics | undefined;
  }) {
    this.#cost = options.cost;
    this.#bulkhead = measuredBulkhead(options, options.metrics);
  }

  /**
   * @throws {TooBusyError} when too many hashes wait already
   * @throws {CallerGoneError} when the caller hangs up before the hash begins
   */
  async toHash(password: string, caller: Caller): Promise<string> {
    const salt = newSalt();
    const key = await this.#bulkhead.run(() => derive(normalForm(password), salt, this.#cost), caller);
    return this.#stored(key, salt);
  }

  /** A hash that no password matches, for an account that must set a new one: its key is random. */
  unusableHash(): string {
    return this.#stored(randomBytes(keyLength), newSalt());
  }

  /** Whether the supplied password matches the stored hash: see `match`. */
  async compare(stored: string | undefined, supplied: string, caller: Caller): Promise<boolean> {
    return (await this.match(stored, supplied, caller)) !== undefined;
  }

  /**
   * How the supplied password matches the stored hash; undefined if it does not. Every mismatch costs the same: one hash
   * at today's cost and one at Node's default, whether the stored hash is missing, corrupt, or of either cost
   * (ASVS 6.3.8). A password that was not sent in the normal form costs them twice, for any account: hashes of before
   * are of passwords as they were sent.
   * @throws as `toHash`
   */
  async match(stored: unknown, supplied: string, caller: Caller): Promise<Match | undefined> {
    const known = parseStored(stored);
    // Reads the cost from the hash, so raising it never locks out old accounts.
    const { key, salt, cost } = known ?? { key: Buffer.alloc(keyLength), salt: newSalt(), cost: this.#cost };
    const isCurrentCost = sameCost(cost, this.#cost);
    const other = isCurrentCost ? nodeDefaultCost : this.#cost;
    const forms = [...new Set([normalForm(supplied), supplied])];
    return this.#bulkhead.run(async () => {
      for (const [index, form] of forms.entries()) {
        const derived = await derive(form, salt, cost);
        if (timingSafeEqual(derived, key) && known) {
          return isCurrentCost && index === 0 ? 'current' : 'outdated';
        }
        if (!sameCost(cost, other)) await derive(form, salt, other);
      }
      return undefined;
    }, caller);
  }

  /** Begins no hash any more, except for requests of which one has begun. Those that wait are refused at once. */
  close(): void {
    this.#bulkhead.close();
  }

  /** A random password with 144 bits. */
  generate(): string {
    return randomBytes(18).toString('base64url');
  }

  #stored(key: Buffer, salt: string): string {
    const parts = [key.toString('hex'), salt];
    if (!sameCost(this.#cost, nodeDefaultCost)) parts.push(formatCost(this.#cost));
    return parts.join('.');
  }
}

const newSalt = (): string => randomBytes(16).toString('hex');

/** Undefined where it is not a hash in our format: another service may have stored anything. */
function parseStored(stored: unknown): StoredPassword | undefined {
  if (typeof stored !== 'string') return undefined;
  const [, key, salt, costText] =
    /^([0-9a-f]{128})\.((?:[0-9a-f]{2}){8,32})(?:\.([a-z0-9=,]+))?$/.exec(stored) ?? [];
  if (key === undefined || salt === undefined) return undefined;
  const cost = costText === undefined ? nodeDefaultCost : parseCost(costText);
  return cost && { key: Buffer.from(key, 'hex'), salt, cost };
}

function derive(password: string, salt: string, cost: ScryptCost): Promise<Buffer> {
  // Twice what a hash uses: OpenSSL counts its own blocks against maxmem too.
  const options = { N: 2 ** cost.ln, r: cost.r, p: cost.p, maxmem: 2 * memoryOf(cost) };
  return new Promise((resolve, reject) => {
    scrypt(password, salt, keyLength, options, (error, key) => {
      if (error) reject(error);
      else resolve(key);
    });
  });
}
