import type { Job, Prepared, Tally } from './job';
import { repeat } from './repeat';

export interface JobMessage {
  id: number;
  job: Job;
}

export interface TallyMessage {
  id: number;
  tally: Tally;
}

/**
 * Does the jobs that the parent process sends, several at a time if it sends several.
 * @param prepare makes the operation that a job names
 */
export function doJobs(prepare: (operation: unknown) => Prepared | Promise<Prepared>): void {
  process.on('message', ({ id, job }: JobMessage) => {
    void (async () => {
      const { operation, end } = await prepare(job.operation);
      const tally = await repeat(operation, job);
      end?.();
      process.send?.({ id, tally } satisfies TallyMessage);
    })();
  });
  endWithParent();
}

/** A process without its parent would measure for nobody. */
export function endWithParent(): void {
  process.once('disconnect', () => process.exit());
}
