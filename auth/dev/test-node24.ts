import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { cacheFolder } from './cache-folder';

// `npm run test:node24`: the tests that start processes and servers, on Node 24, which an npm package contains. Its
// install script is not needed. Where it can't be downloaded, a line says so.

const tests = ['src/__test__/index.test.ts', 'src/__test__/server.test.ts', 'dev/__test__'];
const downloadLimitMs = 180_000;

const say = (line: string): void => void process.stdout.write(`node24: ${line}\n`);

/** The folder of a `node` of version 24; undefined if it can't be had. */
function findNode24(): string | undefined {
  if (process.versions.node.startsWith('24.')) return path.dirname(process.execPath);
  const { platform, arch } = process;
  const name = `node-${platform === 'win32' ? 'win' : platform}-${arch}`;
  const cache = cacheFolder('node-binaries');
  const bin = path.join(cache, 'node_modules', name, 'bin');
  if (!existsSync(bin)) {
    say(`downloading ${name}@24 into ${cache}`);
    mkdirSync(cache, { recursive: true });
    const options = ['--prefix', cache, '--no-save', '--ignore-scripts', '--no-audit', '--no-fund'];
    spawnSync('npm', ['install', ...options, `${name}@24`], { timeout: downloadLimitMs, stdio: 'inherit' });
  }
  return existsSync(bin) ? bin : undefined;
}

function main(): number {
  const bin = findNode24();
  if (bin === undefined) {
    say('SKIPPED: Node 24 could not be downloaded for this system');
    return 0;
  }
  const env = { ...process.env, PATH: `${bin}${path.delimiter}${process.env['PATH'] ?? ''}` };
  const { stdout } = spawnSync('node', ['--version'], { env, encoding: 'utf8' });
  say(`running on ${stdout.trim()}`);
  const jest = require.resolve('jest/bin/jest');
  const { status } = spawnSync('node', [jest, ...tests], { env, stdio: 'inherit' });
  return status ?? 1;
}

process.exitCode = main();
