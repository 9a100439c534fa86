import { digits } from './cell-table';
import { markdownTable } from './markdown';
import { cpuRatio, type Report } from './report';

/** The CPU time of a cell in two reports. Each is divided by its baseline of the same report, because machines differ. */
export interface Comparison {
  name: string;
  ratio: number;
  earlier: number;
  /** Above 1 where the cell costs more than it did. */
  change: number;
}

/** Every cell that both reports have with its baseline. */
export const compare = (report: Report, earlier: Report): Comparison[] =>
  Object.entries(report.cells).flatMap(([name, { baseline }]) => {
    if (baseline === undefined) return [];
    const [ratio, before] = [cpuRatio(report, name, baseline), cpuRatio(earlier, name, baseline)];
    return ratio === undefined || before === undefined
      ? []
      : [{ name, ratio, earlier: before, change: ratio / before }];
  });

/** The cells whose CPU time has grown by more than that factor. A figure that could not be measured counts as one. */
export const worseThan = (maxRatio: number, comparisons: readonly Comparison[]): Comparison[] =>
  comparisons.filter(({ change }) => !(change <= maxRatio));

export const comparisonTable = (comparisons: readonly Comparison[]): string =>
  markdownTable(
    ['CPU × its baseline', 'now', 'earlier', 'now / earlier'],
    comparisons.map(({ name, ratio, earlier, change }) => [name, ...[ratio, earlier, change].map(digits)]),
  );
