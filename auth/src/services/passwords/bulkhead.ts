import { CallerGoneError } from '../../errors/caller-gone-error';
import { TooBusyError } from '../../errors/too-busy-error';
import type { Caller } from '../caller';
import { networkOf } from '../network';
import { FairLine } from './fair-line';

interface Waiting {
  start: () => void;
  refuse: () => void;
}

/** Is told what becomes of jobs. */
export interface BulkheadWatch {
  ended: (seconds: number) => void;
  turnedAway: () => void;
}

/** Runs a bounded number of jobs in parallel. A bounded number waits in a line that callers share fairly (decision 18). */
export class Bulkhead {
  #running = 0;
  #closed = false;
  readonly #line: FairLine<Waiting>;
  readonly #begun = new WeakSet<Caller>();

  /** @param capacity the number of parallel jobs, and of jobs that may wait */
  constructor(
    private readonly capacity: { concurrency: number; queue: number },
    private readonly watch?: BulkheadWatch,
  ) {
    this.#line = new FairLine(capacity.queue);
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#line.length;
  }

  /**
   * @throws {TooBusyError} when the line is full, or closed
   * @throws {CallerGoneError} when the caller hangs up before the job begins
   */
  async run<T>(job: () => Promise<T>, caller: Caller): Promise<T> {
    await this.#turn(caller);
    this.#begun.add(caller);
    const startedAt = performance.now();
    try {
      return await job();
    } finally {
      this.watch?.ended((performance.now() - startedAt) / 1000);
      // A free place goes straight to the next in the line, so that no newcomer overtakes.
      const next = this.#line.next();
      if (next) next.start();
      else this.#running -= 1;
    }
  }

  /** Refuses those who wait and those who come, and only lets the requests end of which a job has begun. */
  close(): void {
    this.#closed = true;
    for (let waiting = this.#line.next(); waiting; waiting = this.#line.next()) waiting.refuse();
  }

  async #turn(caller: Caller): Promise<void> {
    if (caller.signal.aborted) throw new CallerGoneError();
    if (this.#closed && !this.#begun.has(caller)) throw this.#tooBusy();
    if (this.#running < this.capacity.concurrency) this.#running += 1;
    else await this.#wait(caller);
  }

  #wait(caller: Caller): Promise<void> {
    const { signal } = caller;
    return new Promise((resolve, reject) => {
      const hangUp = (): void => {
        this.#line.leave(waiting);
        reject(new CallerGoneError());
      };
      const waiting = {
        start: () => {
          signal.removeEventListener('abort', hangUp);
          resolve();
        },
        refuse: () => {
          signal.removeEventListener('abort', hangUp);
          reject(this.#tooBusy());
        },
      };
      signal.addEventListener('abort', hangUp);
      this.#line.join(waiting, placeOf(caller))?.refuse();
    });
  }

  #tooBusy(): TooBusyError {
    this.watch?.turnedAway();
    return new TooBusyError();
  }
}

/** Who is signed in has a lane apart from everybody else's, in which one network's accounts share its turns. */
const placeOf = ({ account, ip }: Caller): string[] =>
  account ? ['signed in', networkOf(ip), account.user._id.toHexString()] : ['not signed in', networkOf(ip)];
