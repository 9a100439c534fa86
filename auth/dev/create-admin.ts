import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { dataFolder, developmentSettings, uriFile } from './embedded';

// `npm run create-admin -- --email a@b.c`: the service's own command, with the database of a running `npm run dev`.

function main(): void {
  const env = developmentSettings();
  env['MONGO_URI'] ??= embeddedUri(env);
  const command = ['-r', 'ts-node/register/transpile-only', 'src/cli.ts', 'create-admin'];
  const { status } = spawnSync(process.execPath, [...command, ...process.argv.slice(2)], {
    cwd: path.resolve(__dirname, '..'),
    env,
    stdio: 'inherit',
  });
  process.exitCode = status ?? 1;
}

/** @throws {Error} a plain sentence where no `npm run dev` runs */
function embeddedUri(env: NodeJS.ProcessEnv): string {
  const folder = dataFolder(env);
  try {
    if (folder !== undefined) return readFileSync(uriFile(folder), 'utf8').trim();
  } catch {
    // Nobody has written it: the same answer.
  }
  throw new Error('no `npm run dev` runs with its own database here: start it, or set MONGO_URI');
}

try {
  main();
} catch (error) {
  process.stderr.write(`dev: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
