import { repeat } from '../processes/repeat';

/** Blocks this process, as a long pause for garbage does. */
function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

describe('an operation that is repeated', () => {
  it('in a closed loop runs as often at a time as there are callers', async () => {
    let running = 0;
    let most = 0;
    const operation = async (): Promise<void> => {
      most = Math.max(most, (running += 1));
      await new Promise(setImmediate);
      running -= 1;
    };
    await repeat(operation, { pace: { callers: 3 }, seconds: 0.05 });
    expect(most).toBe(3);
    expect(running).toBe(0);
  });

  it('at a constant rate begins at its time, and its latency counts from then', async () => {
    let count = 0;
    const pauseMs = 100;
    const operation = (): Promise<void> => {
      count += 1;
      if (count === 10) block(pauseMs);
      return Promise.resolve();
    };
    const { latenciesMs } = await repeat(operation, { pace: { perSecond: 200 }, seconds: 0.3 });
    expect(count).toBeGreaterThan(50);
    // Twenty were due in the pause. A caller that waited for its answer would have seen one slow operation.
    expect(latenciesMs.filter((ms) => ms > pauseMs / 2).length).toBeGreaterThanOrEqual(9);
  });

  it('counts what fails by its reason, and no latency of it', async () => {
    let count = 0;
    const operation = async (): Promise<void> => {
      await new Promise(setImmediate);
      count += 1;
      if (count % 2 === 0) throw new Error('status 503');
    };
    const { latenciesMs, errors } = await repeat(operation, { pace: { callers: 1 }, seconds: 0.02 });
    expect(errors).toEqual({ 'status 503': Math.floor(count / 2) });
    expect(latenciesMs).toHaveLength(Math.ceil(count / 2));
  });
});
