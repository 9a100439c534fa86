import { digits } from './cell-table';
import { markdownTable } from './markdown';
import { cpuRatio, ratioOf, type Report } from './report';
import { spreadOf } from './statistics';

interface Target {
  what: string;
  /** Undefined where the report does not have it. */
  figure: (report: Report) => number | undefined;
  bound: { atLeast: number } | { atMost: number };
  unit?: string;
}

const throughput =
  (name: string): Target['figure'] =>
  (report) =>
    ratioOf(report, ({ perSecond }, round) => perSecond[round], [name, 'scrypt']);

const cpu =
  (name: string, baseline: string): Target['figure'] =>
  (report) =>
    cpuRatio(report, name, baseline);

const besideTheHash =
  (name: string): Target['figure'] =>
  (report) => {
    const ratio = cpuRatio(report, name, 'scrypt');
    return ratio && (ratio - 1) * 100;
  };

const hashing = (['sign-up', 'sign-in'] as const).flatMap((name): Target[] => [
  { what: `${name}: throughput × scrypt`, figure: throughput(name), bound: { atLeast: 0.92 } },
  {
    what: `${name}, limits off: throughput × scrypt`,
    figure: throughput(`${name}, limits off`),
    bound: { atLeast: 0.95 },
  },
  { what: `${name}: CPU beside the hash`, figure: besideTheHash(name), bound: { atMost: 5 }, unit: '%' },
  {
    what: `${name}, limits off: CPU beside the hash`,
    figure: besideTheHash(`${name}, limits off`),
    bound: { atMost: 3 },
    unit: '%',
  },
]);

/** What the service is to reach. CPU is that of service and mongod together. */
export const targets: readonly Target[] = [
  ...hashing,
  { what: 'current user: CPU × Express', figure: cpu('current user', 'Express'), bound: { atMost: 2.2 } },
  {
    what: 'current user: CPU × Express, headers and log',
    figure: cpu('current user', 'Express, headers and log'),
    bound: { atMost: 1.4 },
  },
  {
    what: 'current user, no cookie: CPU × Express',
    figure: cpu('current user, no cookie', 'Express'),
    bound: { atMost: 1.6 },
  },
  {
    what: 'current user, mixed load: p99',
    figure: ({ cells }) => {
      const mixed = cells['current user, mixed load'];
      return mixed && spreadOf(mixed.p99Ms).median;
    },
    bound: { atMost: 15 },
    unit: 'ms',
  },
  {
    what: 'refused input: CPU × Express, refused input',
    figure: cpu('refused input', 'Express, refused input'),
    bound: { atMost: 2.5 },
  },
  {
    what: 'start to ready',
    figure: ({ service }) => service.startMs.median,
    bound: { atMost: 500 },
    unit: 'ms',
  },
  { what: 'RSS, idle', figure: ({ service }) => service.idleRssMb, bound: { atMost: 95 }, unit: 'MB' },
  { what: 'RSS, peak', figure: ({ service }) => service.peakRssMb, bound: { atMost: 190 }, unit: 'MB' },
];

/** Every target that the report has a figure for. */
export function targetTable(report: Report): string {
  const rows = targets.flatMap(({ what, figure, bound, unit = '' }) => {
    const value = figure(report);
    if (value === undefined) return [];
    const wanted = 'atMost' in bound ? `≤ ${bound.atMost}` : `≥ ${bound.atLeast}`;
    const isMet = 'atMost' in bound ? value <= bound.atMost : value >= bound.atLeast;
    return [[what, `${digits(value)} ${unit}`.trim(), `${wanted} ${unit}`.trim(), isMet ? 'yes' : 'no']];
  });
  return markdownTable(['target', 'figure', 'wanted', 'met'], rows);
}
