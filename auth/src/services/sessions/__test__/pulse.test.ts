import { DatabaseConnectionError } from '../../../errors/database-connection-error';
import { Pulse } from '../pulse';

let ms = 0;
let sent: number[] = [];
let acknowledge: (() => void)[] = [];
let refuse: ((reason: Error) => void)[] = [];
const newPulse = () =>
  new Pulse({
    beat: (n) => {
      sent.push(n);
      return new Promise((resolve, reject) => {
        acknowledge.push(resolve);
        refuse.push(reject);
      });
    },
    clock: () => ms,
    everyMs: 1_000_000,
  });
let pulse: Pulse;

beforeEach(() => {
  ms = 1000;
  sent = [];
  acknowledge = [];
  refuse = [];
  pulse = newPulse();
});
afterEach(() => {
  pulse.stop();
});

const settled = async (promise: Promise<unknown>): Promise<boolean> => {
  let is = false;
  promise.finally(() => (is = true)).catch(() => undefined);
  await new Promise(setImmediate);
  return is;
};

describe('R16 the pulse', () => {
  it('hears nothing before a heartbeat has come back, and for half a second after one was begun', () => {
    expect(pulse.isHearing()).toBe(false);
    void pulse.prove();
    ms += 200;
    pulse.heard(1);
    expect(pulse.isHearing()).toBe(true);
    expect(pulse.delayMs).toBe(200);
    ms += 299;
    expect(pulse.isHearing()).toBe(true);
    ms += 1;
    expect(pulse.isHearing()).toBe(false);
  });

  it('believes no heartbeat that was begun before the change stream was lost', () => {
    void pulse.prove();
    pulse.lost();
    pulse.heard(1);
    expect(pulse.isHearing()).toBe(false);
  });

  it('knows nothing of heartbeats of others', () => {
    pulse.heard(7);
    expect(pulse.isHearing()).toBe(false);
  });

  it('proves what the database answers by a heartbeat that a majority has, one for all who wait', async () => {
    const both = [pulse.prove(), pulse.prove()];
    expect(sent).toEqual([1]);
    expect(await settled(Promise.all(both))).toBe(false);
    acknowledge[0]?.();
    await Promise.all(both);
    ms += 499;
    await pulse.prove();
    expect(sent).toEqual([1]);
    ms += 1;
    void pulse.prove();
    expect(sent).toEqual([1, 2]);
  });

  it('proves nothing by a heartbeat that was begun long before, and writes another one', async () => {
    void pulse.prove();
    ms += 700;
    const late = pulse.prove();
    acknowledge[0]?.();
    expect(await settled(late)).toBe(false);
    expect(sent).toEqual([1, 2]);
    acknowledge[1]?.();
    await late;
  });

  it('proves nothing where the majority does not answer, and tries again with the next request', async () => {
    const first = pulse.prove();
    refuse[0]?.(new Error('no majority'));
    await expect(first).rejects.toThrow(DatabaseConnectionError);
    void pulse.prove();
    expect(sent).toEqual([1, 2]);
  });

  it('goes on by itself for a minute after the last request that wanted it', async () => {
    jest.useFakeTimers();
    try {
      const beats: number[] = [];
      const timed = new Pulse({
        beat: (n) => {
          beats.push(n);
          return Promise.resolve();
        },
        clock: () => jest.now(),
      });
      timed.want();
      await jest.advanceTimersByTimeAsync(10 * 60_000);
      expect(beats.length).toBeGreaterThan(200);
      expect(beats.length).toBeLessThan(250);
      expect(jest.getTimerCount()).toBe(0);
    } finally {
      jest.useRealTimers();
    }
  });
});
