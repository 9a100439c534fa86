import { setTimeout as delay } from 'node:timers/promises';
import { parseProc, parsePs, usageOf } from '../usage';

describe('what a process uses', () => {
  it('is read from /proc, whatever the name of its program is', () => {
    const stat = '42 (a b) c) S 1 42 42 0 -1 4194304 9 0 0 0 150 25 7 8 20 0 11 0 2476';
    const status = 'Name:\ta\nVmHWM:\t  204800 kB\nVmRSS:\t  102400 kB\n';
    expect(parseProc(stat, status)).toEqual({ cpuMs: 1750, rssMb: 100, peakRssMb: 200 });
  });

  it.each([
    ['  0:01.25  2048', 1250],
    ['1:00:02.50 2048', 3_602_500],
  ])('is read from ps: %s', (line, cpuMs) => {
    expect(parsePs(line)).toEqual({ cpuMs, rssMb: 2, peakRssMb: 2 });
  });

  it('grows while the process works', async () => {
    const before = usageOf(process.pid);
    // On a busy machine this takes a while.
    while (usageOf(process.pid).cpuMs <= before.cpuMs) await delay(0);
    expect(before.rssMb).toBeGreaterThan(1);
  });
});
