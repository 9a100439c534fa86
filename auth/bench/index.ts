import { readFileSync, writeFileSync } from 'node:fs';
import { cellTable } from './cell-table';
import { compare, comparisonTable, worseThan } from './compare';
import { readOptions } from './options';
import { failedCells, type Report } from './report';
import { run } from './run';
import { targetTable } from './targets';

// `npm run bench`: how close the built service is to what scrypt, Node and Express allow. docs/performance.md says how.

const print = (text: string): void => void process.stdout.write(`${text}\n`);
const say = (line: string): void => void process.stderr.write(`bench: ${line}\n`);

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  // Read first, so that a wrong path does not cost a run.
  const earlier = options.compare === undefined ? undefined : readReport(options.compare);
  const report = await run(options, say);
  const { machine, rounds, seconds } = report;
  print(`Node ${machine.node}, ${machine.cores} cores, ${rounds} rounds of ${seconds} s\n`);
  print(`${cellTable(report)}\n\n${targetTable(report)}`);
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
  if (earlier) showChanges(report, earlier, options.maxRatio);
}

const readReport = (file: string): Report => JSON.parse(readFileSync(file, 'utf8')) as Report;

function showChanges(report: Report, earlier: Report, maxRatio = Infinity): void {
  const comparisons = compare(report, earlier);
  print(`\n${comparisonTable(comparisons)}`);
  const worse = worseThan(maxRatio, comparisons);
  for (const { name, change } of worse)
    say(`${name} costs ${change.toFixed(2)} times the CPU of the earlier report; allowed is ${maxRatio}`);
  const failed = failedCells(report);
  for (const name of failed) say(`${name} failed more than once in ten times`);
  if (maxRatio < Infinity && worse.length + failed.length > 0) process.exitCode = 1;
}

main().then(
  // What is left, such as idle connections, would keep this process alive.
  () => process.exit(),
  (error: unknown) => {
    say(error instanceof Error ? error.message : 'failed');
    process.exit(1);
  },
);
