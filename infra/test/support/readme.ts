import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Namespace } from './cluster';
import { project } from './manifests';
import { run, type RunOptions } from './run';

/**
 * Runs the command of infra/README.md that is `start`, or all that begin with it, in the section `heading`. They run exactly
 * as they are written there, but in another namespace than `ticketing`, and on the dump `dump`. Returns what they print.
 * @throws {Error} if there is no such command, or if it fails
 */
export async function readme(
  namespace: Namespace,
  heading: string,
  start: string,
  { dump = '', ...options }: RunOptions & { dump?: string } = {},
): Promise<string> {
  const text = await readFile(path.join(project, 'infra/README.md'), 'utf8');
  const sections = text.split(/^#{2,3} (?=.)/m);
  const section = sections.find((one) => one.startsWith(`${heading}\n`)) ?? '';
  const commands = [...section.matchAll(/^```sh\n([^]*?)\n```$/gm)].map(([, command = '']) => command);
  const same = commands.filter((command) => command === start);
  const chosen = same.length > 0 ? same : commands.filter((command) => command.startsWith(`${start} `));
  if (chosen.length === 0) throw new Error(`no command in "${heading}" begins with ${start}`);
  const script = chosen
    .join('\n')
    .replaceAll(/(-n|\.sh) ticketing\b/g, `$1 ${namespace.name}`)
    .replaceAll(/auth-\d{8}T\d{6}Z\.archive\.gz/g, dump);
  return run('bash', ['--norc', '-euo', 'pipefail', '-c', script], {
    cwd: project,
    timeoutMs: 300_000,
    ...options,
  });
}
