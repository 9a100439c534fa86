import os from 'node:os';
import { cellsNamed, needsWarmUp, type Cell } from './cells';
import { measure, type Figures, type Measured } from './measure';
import type { Options } from './options';
import type { CellReport, Report } from './report';
import { startService } from './service';
import { withStage, type Stage } from './stage';
import { spreadOf } from './statistics';
import { usageOf } from './usage';

/** Measures every cell once in each round, so that subjects and baselines are interleaved. */
export const run = (options: Options, say: (line: string) => void): Promise<Report> =>
  withStage(say, async (stage) => {
    const cells = cellsNamed(options.only);
    say('warm-up');
    for (const cell of cells.filter(needsWarmUp)) await warmUp(stage, cell, options.warmUpSeconds);
    const rounds: Round[] = [];
    const startsMs: number[] = [];
    for (let round = 1; round <= options.rounds; round += 1) {
      say(`round ${round} of ${options.rounds}`);
      startsMs.push(await timeStart(stage));
      rounds.push(await playRound(stage, cells, options.seconds));
    }
    return {
      machine: { cores: os.availableParallelism(), node: process.version, platform: process.platform },
      rounds: options.rounds,
      seconds: options.seconds,
      cells: Object.fromEntries(cells.map((cell) => [cell.name, summary(cell, rounds)])),
      service: {
        startMs: spreadOf(startsMs),
        idleRssMb: stage.idleRssMb,
        peakRssMb: usageOf(stage.servers.service.pid).peakRssMb,
      },
    };
  });

const warmUpCount = 1500;
const maxWarmUps = 4;

/** Code is compiled after some number of calls, which a busy machine reaches late. */
async function warmUp(stage: Stage, cell: Cell, seconds: number): Promise<void> {
  let count = 0;
  for (let time = 0; time < maxWarmUps && count < warmUpCount; time += 1) {
    count += (await measure(stage, cell, { seconds, perSecond: 0 })).count;
  }
}

type Round = Map<string, Measured>;

async function playRound(stage: Stage, cells: readonly Cell[], seconds: number): Promise<Round> {
  const round: Round = new Map();
  for (const cell of cells) {
    round.set(cell.name, await measure(stage, cell, { seconds, perSecond: rateOf(cell, round) }));
  }
  return round;
}

function rateOf({ pace }: Cell, round: Round): number {
  if ('perSecond' in pace) return pace.perSecond;
  return 'of' in pace ? pace.share * (round.get(pace.of)?.figures.perSecond ?? 0) : 0;
}

/** How long a further process takes from its start until it is ready, with a database that is up to date. */
async function timeStart({ mongoUri }: Stage): Promise<number> {
  const { startMs, stop } = await startService({ MONGO_URI: mongoUri });
  await stop();
  return startMs;
}

const figureNames = ['perSecond', 'cpuMicros', 'mongodMicros', 'p50Ms', 'p99Ms', 'p999Ms', 'rssMb'] as const;

function summary({ name, baseline }: Cell, rounds: readonly Round[]): CellReport {
  const measured = rounds.flatMap((round) => round.get(name) ?? []);
  const errors: Record<string, number> = {};
  for (const [reason, count] of measured.flatMap((each) => Object.entries(each.errors))) {
    errors[reason] = (errors[reason] ?? 0) + count;
  }
  const lists = figureNames.map((figure) => [figure, measured.map((each) => each.figures[figure])]);
  return {
    ...(Object.fromEntries(lists) as Record<keyof Figures, number[]>),
    ...(baseline !== undefined && { baseline }),
    count: measured.reduce((sum, { count }) => sum + count, 0),
    errors,
  };
}
