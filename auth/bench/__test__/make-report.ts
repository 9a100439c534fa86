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
    perSecond: [perSecond],
    cpuMicros: [cpu],
    mongodMicros: [mongod],
    p50Ms: [1],
    p99Ms: [2],
    p999Ms: [3],
    rssMb: [100],
    ...(baseline !== undefined && { baseline }),
    count: 1000,
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
