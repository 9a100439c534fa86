import { TooBusyError } from '../errors/too-busy-error';

/** Runs a bounded number of jobs at once, lets a bounded number wait in line, and turns the rest away. */
export class Bulkhead {
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  /** @param limits jobs at once, and jobs in line behind them */
  constructor(private readonly limits: { concurrency: number; queue: number }) {}

  /** @throws {TooBusyError} when the line is full */
  async run<T>(job: () => Promise<T>): Promise<T> {
    if (this.#running < this.limits.concurrency) {
      this.#running += 1;
    } else {
      if (this.#waiting.length >= this.limits.queue) throw new TooBusyError();
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    try {
      return await job();
    } finally {
      // A place that falls free goes straight to the next in line, so nobody can slip in between.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running -= 1;
    }
  }
}
