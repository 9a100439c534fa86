import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { dataFolderOf, uriFileOf } from './data-folder';
import { keyEncryptionKey, keyFileOf } from './key-file';
import { developmentSettings } from './settings';

// `npm run create-admin -- --email a@b.c`: the service's own command, with the database of a running `npm run dev`.

function main(args: string[]): void {
  const env = developmentSettings();
  const keyFile = keyFileOf(env);
  if (!args.includes('--help')) env['MONGO_URI'] ??= embeddedUri(env);
  env['KEY_ENCRYPTION_KEY'] ??= keyEncryptionKey(keyFile);
  const command = ['-r', 'ts-node/register/transpile-only', 'src/cli.ts', 'create-admin'];
  const { status } = spawnSync(process.execPath, [...command, ...args], {
    cwd: path.resolve(__dirname, '..'),
    env,
    stdio: 'inherit',
  });
  process.exitCode = status ?? 1;
}

/** @throws {Error} one sentence, when no `npm run dev` runs */
function embeddedUri(env: NodeJS.ProcessEnv): string {
  const folder = dataFolderOf(env);
  try {
    if (folder !== undefined) return readFileSync(uriFileOf(folder), 'utf8').trim();
  } catch {
    // No run has written it: the same answer.
  }
  throw new Error('no `npm run dev` runs here with a database of its own: start it, or set MONGO_URI');
}

try {
  main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`dev: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
