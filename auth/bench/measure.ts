import type { Cell } from './cells';
import type { Load } from './processes/load';
import type { Job, Tally } from './processes/job';
import type { RequestName } from './requests';
import type { ServerName, Stage } from './stage';
import { percentile } from './statistics';
import { usageOf } from './usage';

/** What one round of a cell gave. */
export interface Figures {
  perSecond: number;
  /** CPU time of one operation, of the process that is measured and of mongod; 0 where others asked for something else. */
  cpuMicros: number;
  mongodMicros: number;
  p50Ms: number;
  p99Ms: number;
  p999Ms: number;
  rssMb: number;
}

export interface Measured {
  count: number;
  figures: Figures;
  errors: Record<string, number>;
}

/** @param perSecond the rate of a cell that has a constant one */
export async function measure(
  stage: Stage,
  { pace, does, beside }: Cell,
  { seconds, perSecond }: { seconds: number; perSecond: number },
): Promise<Measured> {
  const isHttp = 'server' in does;
  const { pid, usesDatabase } = isHttp ? stage.servers[does.server] : stage.workers[does.worker];
  const cpuMsNow = (): [number, number] => [
    usageOf(pid).cpuMs,
    usesDatabase ? usageOf(stage.mongodPid).cpuMs : 0,
  ];
  const timing = { pace: 'callers' in pace ? pace : { perSecond }, seconds };
  const before = cpuMsNow();
  const [tally] = await Promise.all([
    isHttp
      ? send(stage, does.server, does.request, timing)
      : stage.workers[does.worker].run({ ...timing, operation: does.operation }),
    beside &&
      isHttp &&
      send(stage, does.server, beside.request, { pace: { callers: beside.callers }, seconds }),
  ]);
  const after = cpuMsNow();
  const { latenciesMs, errors } = tally;
  const microsEach = (index: 0 | 1): number =>
    beside ? 0 : ((after[index] - before[index]) * 1000) / countOf(tally);
  return {
    count: countOf(tally),
    figures: {
      perSecond: latenciesMs.length / tally.seconds,
      cpuMicros: microsEach(0),
      mongodMicros: microsEach(1),
      p50Ms: percentile(latenciesMs, 0.5),
      p99Ms: percentile(latenciesMs, 0.99),
      p999Ms: percentile(latenciesMs, 0.999),
      rssMb: usageOf(pid).rssMb,
    },
    errors,
  };
}

async function send(
  { servers, requests, sent, load }: Stage,
  server: ServerName,
  name: RequestName,
  timing: Pick<Job, 'pace' | 'seconds'>,
): Promise<Tally> {
  const from = sent.get(name) ?? 0;
  const { texts, status } = requests[name];
  const operation: Load = { port: servers[server].port, requests: texts, from, status };
  const tally = await load.run({ ...timing, operation });
  sent.set(name, from + countOf(tally));
  return tally;
}

const countOf = ({ latenciesMs, errors }: Tally): number =>
  latenciesMs.length + Object.values(errors).reduce((sum, count) => sum + count, 0);
