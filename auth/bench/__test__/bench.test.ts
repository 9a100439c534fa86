import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { follow } from '../../src/test/process';
import { cells, cellsNamed } from '../cells';
import type { Report } from '../report';
import { makeReport } from './make-report';

const root = path.resolve(__dirname, '../..');

describe('the cells', () => {
  it('have names of their own, and come after what they are compared with', () => {
    const names = cells.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const [index, { baseline, pace }] of cells.entries()) {
      const before = names.slice(0, index);
      if (baseline !== undefined) expect(before).toContain(baseline);
      if ('of' in pace) expect(before).toContain(pace.of);
    }
  });

  it('are chosen by a part of their name, with what they are compared with', () => {
    expect(cellsNamed('mail').map(({ name }) => name)).toEqual(['insertOne', 'mail queued']);
  });
});

describe('npm run bench', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'bench-'));
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('measures a scenario and its baseline, and fails where it costs more than it may', async () => {
    const [json, earlier] = [path.join(folder, 'now.json'), path.join(folder, 'earlier.json')];
    const [name, baseline] = ['refused input', 'Express, refused input'];
    await writeFile(
      earlier,
      JSON.stringify(makeReport({ [baseline]: { cpu: 1000 }, [name]: { cpu: 1, baseline } })),
    );
    const script = ['-r', 'ts-node/register/transpile-only', 'bench/index.ts'];
    const options = ['--short', '--rounds', '1', '--seconds', '0.2', '--only', name, '--json', json];
    const bench = follow(
      spawn(process.execPath, [...script, ...options, '--compare', earlier, '--max-ratio', '2'], {
        cwd: root,
      }),
    );
    expect(await bench.ended).toBe(1);
    expect(bench.output()).toContain(`${name} costs`);
    const report = JSON.parse(await readFile(json, 'utf8')) as Report;
    expect(Object.keys(report.cells)).toEqual([baseline, name, `${name}, half load`]);
    for (const { perSecond, cpuMicros, p50Ms, errors } of Object.values(report.cells)) {
      for (const values of [perSecond, cpuMicros, p50Ms]) expect(values).toEqual([expect.any(Number)]);
      expect(Math.min(...perSecond, ...cpuMicros, ...p50Ms)).toBeGreaterThan(0);
      expect(errors).toEqual({});
    }
    expect(report.service.idleRssMb).toBeGreaterThan(10);
  }, 180_000);

  it.each([
    [['--rounds', '0'], '--rounds must be a number above 0'],
    [['--shrot'], "Unknown option '--shrot'"],
    [['--compare', 'nowhere.json'], 'nowhere.json'],
  ])('refuses %j before it starts anything', async (options, problem) => {
    const script = ['-r', 'ts-node/register/transpile-only', 'bench/index.ts', ...options];
    const bench = follow(spawn(process.execPath, script, { cwd: root }));
    expect(await bench.ended).toBe(1);
    expect(bench.output()).toContain(problem);
  });
});
