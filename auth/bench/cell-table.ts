import { markdownTable } from './markdown';
import type { Figures } from './measure';
import { cpuRatio, type CellReport, type Report } from './report';
import { spreadOf, type Spread } from './statistics';

const header = [
  'cell',
  'a second',
  'spread',
  'CPU µs',
  '+ mongod',
  '× its baseline',
  'p50 ms',
  'p99 ms',
  'p99.9 ms',
  'RSS MB',
  'errors',
];

/** Every cell of a report, medians of its rounds. */
export const cellTable = (report: Report): string =>
  markdownTable(
    header,
    Object.entries(report.cells).map(([name, cell]) => row(report, name, cell)),
  );

function row(report: Report, name: string, cell: CellReport): string[] {
  const { baseline, errors } = cell;
  const median = (figure: keyof Figures): number => spreadOf(cell[figure]).median;
  const ratio = baseline === undefined ? undefined : cpuRatio(report, name, baseline);
  return [
    name,
    digits(median('perSecond')),
    spread(spreadOf(cell.perSecond)),
    ...(['cpuMicros', 'mongodMicros'] as const).map((figure) => whole(median(figure))),
    ratio === undefined ? '' : `${digits(ratio)} × ${baseline ?? ''}`,
    ...(['p50Ms', 'p99Ms', 'p999Ms'] as const).map((figure) => digits(median(figure))),
    whole(median('rssMb')),
    listed(errors),
  ];
}

/** Nothing for what was not measured. */
const whole = (value: number): string => (value === 0 ? '' : value.toFixed(0));

/** Three digits, or all those before the point. */
export const digits = (value: number): string =>
  value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2);

/** How far the outermost rounds are from the median. */
const spread = ({ median, min, max }: Spread): string =>
  median === 0 ? '' : `${percent(min / median - 1)} ${percent(max / median - 1)}`;

const percent = (share: number): string => `${share < 0 ? '−' : '+'}${Math.abs(share * 100).toFixed(0)} %`;

const listed = (errors: Record<string, number>): string =>
  Object.entries(errors)
    .map(([reason, count]) => `${count} × ${reason}`)
    .join(', ') || '0';
