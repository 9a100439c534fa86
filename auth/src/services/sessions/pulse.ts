import { DatabaseConnectionError } from '../../errors/database-connection-error';

export interface PulseOptions {
  /** Writes a heartbeat, and resolves once a majority of the database's members has it. */
  beat: (n: number) => Promise<void>;
  /** Milliseconds, never set back. */
  clock: () => number;
  everyMs?: number;
}

// How old the last heartbeat may be at its return. Ends that others have written since then may be unknown here.
const maxAgeMs = 500;
// How long heartbeats go on after the last request that needed them.
const wantedMs = 60_000;

/**
 * Tells what can be believed of the database. It writes a heartbeat every quarter of a second while it is wanted. The one
 * that comes back by the change stream shows that all earlier changes have come. One that a majority has acknowledged shows
 * that the primary that is asked has not been cut off: such a primary goes on answering reads until it steps down.
 */
export class Pulse {
  #n = 0;
  /** When the heartbeats that have not come back were begun. */
  readonly #begun = new Map<number, number>();
  #heardFrom = -Infinity;
  #acknowledgedFrom = -Infinity;
  #wantedUntil = -Infinity;
  #beating: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: PulseOptions) {}

  /** How long ago the last heartbeat that came back was begun, in ms: at most so old is what is known here. */
  get delayMs(): number {
    return this.options.clock() - this.#heardFrom;
  }

  /** Whether heartbeats go on. */
  get isBeating(): boolean {
    return this.#timer !== undefined;
  }

  /** Whether all changes have come that are older than half a second. */
  isHearing(): boolean {
    return this.delayMs < maxAgeMs;
  }

  /** Lets heartbeats go on. */
  want(): void {
    this.#wantedUntil = this.options.clock() + wantedMs;
    this.#timer ??= setInterval(
      () => {
        this.#tick();
      },
      this.options.everyMs ?? maxAgeMs / 2,
    ).unref();
  }

  /**
   * Resolves once it is sure that what the database answers afterwards is no older than half a second.
   * @throws {DatabaseConnectionError} where no majority acknowledges a heartbeat
   */
  async prove(): Promise<void> {
    this.want();
    const oldest = this.options.clock() - maxAgeMs;
    // The one that is waited for may have been begun long before.
    for (let n = 0; n < 2 && this.#acknowledgedFrom <= oldest; n += 1) await this.#beat();
  }

  heard(n: number): void {
    const from = this.#begun.get(n);
    if (from === undefined) return;
    this.#heardFrom = from;
    for (const earlier of this.#begun.keys()) if (earlier <= n) this.#begun.delete(earlier);
  }

  /** The change stream has ended: what was written before does not come back by the next one. */
  lost(): void {
    this.#begun.clear();
    this.#heardFrom = -Infinity;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#wantedUntil = -Infinity;
  }

  #tick(): void {
    if (this.options.clock() > this.#wantedUntil) this.stop();
    // Nobody waits for it: where it fails, nothing is believed any more, and the next request says why.
    else this.#beat().catch(() => undefined);
  }

  /** One at a time: whoever comes meanwhile waits for the same. */
  #beat(): Promise<void> {
    this.#beating ??= this.#beatOnce().finally(() => {
      this.#beating = undefined;
    });
    return this.#beating;
  }

  async #beatOnce(): Promise<void> {
    const from = this.options.clock();
    const n = (this.#n += 1);
    this.#begun.set(n, from);
    try {
      await this.options.beat(n);
    } catch (error) {
      throw new DatabaseConnectionError(error);
    }
    this.#acknowledgedFrom = from;
  }
}
