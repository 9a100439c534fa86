import type { Figures } from './measure';
import type { Spread } from './statistics';

/** What a run has found. The JSON of `--json`, and of `--compare`. */
export interface Report {
  /** Figures of two machines are compared by their ratios only. */
  machine: { cores: number; node: string; platform: string };
  rounds: number;
  seconds: number;
  cells: Record<string, CellReport>;
  service: { startMs: Spread; idleRssMb: number; peakRssMb: number };
}

export type CellReport = Record<keyof Figures, Spread> & {
  baseline?: string;
  /** Of all rounds, by reason. */
  errors: Record<string, number>;
};

/** CPU time of the process and of mongod for one operation of a cell; undefined where it was not measured. */
export function cpuMicrosOf({ cells }: Report, name: string): number | undefined {
  const cell = cells[name];
  return cell && cell.cpuMicros.median + cell.mongodMicros.median;
}

/** The CPU time of a cell, divided by that of another one. */
export function cpuRatio(report: Report, name: string, baseline: string): number | undefined {
  const [cpu, baseCpu] = [cpuMicrosOf(report, name), cpuMicrosOf(report, baseline)];
  return cpu === undefined || baseCpu === undefined ? undefined : cpu / baseCpu;
}
