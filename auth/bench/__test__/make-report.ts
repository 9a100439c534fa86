import type { CellReport, Report } from '../report';
import type { Spread } from '../statistics';

const always = (value: number): Spread => ({ median: value, min: value, max: value });

/** What a test says of a cell. */
interface Given {
  cpu: number;
  mongod?: number;
  perSecond?: number;
  baseline?: string;
  errors?: Record<string, number>;
}

function cellOf({ cpu, mongod = 0, perSecond = 1000, baseline, errors = {} }: Given): CellReport {
  return {
    perSecond: always(perSecond),
    cpuMicros: always(cpu),
    mongodMicros: always(mongod),
    p50Ms: always(1),
    p99Ms: always(2),
    p999Ms: always(3),
    rssMb: always(100),
    ...(baseline !== undefined && { baseline }),
    errors,
  };
}

/** A report of these cells. */
export const makeReport = (cells: Record<string, Given>): Report => ({
  machine: { cores: 2, node: 'v24.0.0', platform: 'linux' },
  rounds: 1,
  seconds: 1,
  cells: Object.fromEntries(Object.entries(cells).map(([name, given]) => [name, cellOf(given)])),
  service: { startMs: always(400), idleRssMb: 96, peakRssMb: 180 },
});
