import type { Figures } from './measure';
import { spreadOf, type Spread } from './statistics';

/** What a run has found. The JSON of `--json`, and of `--compare`. */
export interface Report {
  /** Figures of two machines are compared by their ratios only. */
  machine: { cores: number; node: string; platform: string };
  rounds: number;
  seconds: number;
  cells: Record<string, CellReport>;
  service: { startMs: Spread; idleRssMb: number; peakRssMb: number };
}

/** A list for each figure, with its value in each round. */
export type CellReport = Record<keyof Figures, number[]> & {
  baseline?: string;
  /** How often it was done in all rounds, whether or not it succeeded. */
  count: number;
  /** How often it failed, by reason. */
  errors: Record<string, number>;
};

/** The cells of which more than a tenth failed. What they cost says nothing: a refusal may be cheap. */
export const failedCells = ({ cells }: Report): string[] =>
  Object.entries(cells)
    .filter(([, { count, errors }]) => sum(Object.values(errors)) > count / 10)
    .map(([name]) => name);

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);

/**
 * A figure of one cell divided by that of another one: the median of the rounds, since what disturbs a round meets both.
 * Undefined where the report lacks one of them.
 */
export function ratioOf(
  { cells }: Report,
  figure: (cell: CellReport, round: number) => number | undefined,
  [name, baseline]: readonly [string, string],
): number | undefined {
  const [cell, base] = [cells[name], cells[baseline]];
  if (!cell || !base) return undefined;
  const ratios = cell.perSecond.map(
    (_, round) => (figure(cell, round) ?? NaN) / (figure(base, round) ?? NaN),
  );
  return spreadOf(ratios).median;
}

/** The CPU time of a cell, that of the process and of mongod, divided by that of another one. */
export const cpuRatio = (report: Report, name: string, baseline: string): number | undefined =>
  ratioOf(report, cpuMicros, [name, baseline]);

const cpuMicros = (cell: CellReport, round: number): number =>
  (cell.cpuMicros[round] ?? NaN) + (cell.mongodMicros[round] ?? NaN);
