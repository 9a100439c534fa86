import { setTimeout as delay } from 'node:timers/promises';
import type { Job, Operation, Tally } from './job';

/** Repeats an operation for that time, and waits for the operations that are still running then. */
export async function repeat(
  operation: Operation,
  { pace, seconds }: Omit<Job, 'operation'>,
): Promise<Tally> {
  const latenciesMs: number[] = [];
  const errors: Record<string, number> = {};
  const timed = async (dueAt: number): Promise<void> => {
    try {
      await operation();
      latenciesMs.push(performance.now() - dueAt);
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unknown';
      errors[reason] = (errors[reason] ?? 0) + 1;
    }
  };
  const began = performance.now();
  const until = began + seconds * 1000;
  if ('callers' in pace) await closedLoop(timed, pace.callers, until);
  else await openLoop(timed, pace.perSecond, until);
  return { seconds: (performance.now() - began) / 1000, latenciesMs, errors };
}

type Timed = (dueAt: number) => Promise<void>;

/** Each caller begins the next operation when the last one has ended. This measures capacity. */
function closedLoop(timed: Timed, callers: number, until: number): Promise<unknown> {
  const call = async (): Promise<void> => {
    while (performance.now() < until) await timed(performance.now());
  };
  return Promise.all(Array.from({ length: callers }, call));
}

/**
 * Operations begin at their time, whether or not earlier ones have ended. Latency counts from when an operation was due,
 * so a pause delays every operation that was due in it (no coordinated omission).
 */
async function openLoop(timed: Timed, perSecond: number, until: number): Promise<unknown> {
  const running: Promise<void>[] = [];
  for (let dueAt = performance.now(); dueAt < until; dueAt += 1000 / perSecond) {
    const waitMs = dueAt - performance.now();
    if (waitMs > 0) await delay(waitMs);
    running.push(timed(dueAt));
  }
  return Promise.all(running);
}
