import { DatabaseConnectionError } from '../../errors/database-connection-error';

/** The time that limits may add to one request, while the database has a primary. */
export class Patience {
  /** @param hasPrimary without one every request waits for the election, for as long as the driver's time-outs say */
  constructor(
    private leftMs: number,
    private readonly hasPrimary: () => boolean,
  ) {}

  /** @throws {DatabaseConnectionError} once the time is over; the work goes on, and nobody hears of its end */
  async wait<T>(work: Promise<T>): Promise<T> {
    const began = performance.now();
    let timer: NodeJS.Timeout | undefined;
    const end = new Promise<never>((_resolve, reject) => {
      let hadPrimary = true;
      timer = setInterval(() => {
        const hasPrimary = this.hasPrimary();
        if (hasPrimary && hadPrimary) reject(new DatabaseConnectionError(new Error('a limit took too long')));
        hadPrimary = hasPrimary;
      }, this.leftMs);
    });
    try {
      return await Promise.race([work, end]);
    } finally {
      clearInterval(timer);
      this.leftMs = Math.max(0, this.leftMs - (performance.now() - began));
    }
  }
}
