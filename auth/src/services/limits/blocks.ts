interface Block {
  until: number;
  /** Until then nobody needs to ask the database whether the block is still there. */
  trustedUntil: number;
}

// An operator's `unblock` takes effect in every process after that time.
const trustedMs = 10_000;

/** What this process knows to be blocked. The oldest is forgotten where there are too many: the database knows. */
export class Blocks {
  readonly #blocks = new Map<string, Block>();

  constructor(
    private readonly max = 10_000,
    private readonly clock = () => performance.now(),
  ) {}

  add(key: string, ms: number): void {
    const now = this.clock();
    this.#blocks.delete(key);
    this.#blocks.set(key, { until: now + ms, trustedUntil: now + Math.min(ms, trustedMs) });
    for (const [oldest] of this.#blocks) {
      if (this.#blocks.size <= this.max) break;
      this.#blocks.delete(oldest);
    }
  }

  /** How long the key is blocked, in ms, as far as memory alone can tell; 0 if it is not, or should be asked for again. */
  trusted(key: string): number {
    const block = this.#blocks.get(key);
    return block && block.trustedUntil > this.clock() ? block.until - this.clock() : 0;
  }

  /** As `trusted`, where the database can't be asked. */
  known(key: string): number {
    return Math.max(0, (this.#blocks.get(key)?.until ?? 0) - this.clock());
  }

  delete(key: string): void {
    this.#blocks.delete(key);
  }

  get size(): number {
    return this.#blocks.size;
  }
}
