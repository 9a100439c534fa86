import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { keySettings } from './keys';
import { raisedSettings } from './rates';

export { freePort } from '../../dev/ports';

const root = path.resolve(__dirname, '../..');

/** Settings that let a process start quickly. Port 0 means any free port. */
const processSettings = {
  NODE_ENV: 'test',
  PORT: '0',
  HEALTH_PORT: '0',
  PASSWORD_COST: 'ln=4,r=8,p=1',
  LIMITS_WAIT_MS: '5000',
  // Their build is not part of an earlier version that a test builds.
  PAGES: 'off',
  ...raisedSettings,
  ...keySettings,
};

export interface RunningProcess {
  child: ChildProcess;
  output: () => string;
  /** Resolves with the first line of output that matches; rejects if the process ends without it. */
  line: (pattern: RegExp) => Promise<string>;
  /** Resolves with the exit code, or the signal that ended it. */
  ended: Promise<number | NodeJS.Signals>;
}

export type ListeningProcess = RunningProcess & { url: string; healthUrl: string };

/** Starts the service from its build in dist/ for the tests of one file, and kills what still runs after them. */
export function useProcesses(): {
  /** @param folder has the dist/ of another version; undefined for this one */
  start: (settings: NodeJS.ProcessEnv, folder?: string) => RunningProcess;
  /** Like `start`, but waits until the service listens. */
  listening: (settings: NodeJS.ProcessEnv, folder?: string) => Promise<ListeningProcess>;
} {
  const started: RunningProcess[] = [];
  afterAll(async () => {
    for (const { child } of started) child.kill('SIGKILL');
    await Promise.all(started.map(({ ended }) => ended));
  });
  const start = (settings: NodeJS.ProcessEnv, folder = root): RunningProcess => {
    const env = { PATH: process.env['PATH'], ...processSettings, ...settings };
    const running = follow(spawn(process.execPath, ['dist/index.js'], { cwd: folder, env }));
    started.push(running);
    return running;
  };
  const listening = async (settings: NodeJS.ProcessEnv, folder?: string): Promise<ListeningProcess> => {
    const running = start(settings, folder);
    const { port, healthPort } = JSON.parse(await running.line(/"msg":"Listening"/)) as Record<
      string,
      number
    >;
    return {
      ...running,
      url: `http://127.0.0.1:${port ?? 0}`,
      healthUrl: `http://127.0.0.1:${healthPort ?? 0}`,
    };
  };
  return { start, listening };
}

/** Runs a command of the service from its build in dist/, with the settings that are given and a key-encryption key. */
export function runCommand(
  args: string[],
  settings: NodeJS.ProcessEnv,
  input: string | Buffer = '',
): RunningProcess {
  const env = { PATH: process.env['PATH'], NODE_ENV: 'test', ...keySettings, ...settings };
  const child = spawn(process.execPath, ['dist/cli.js', ...args], { cwd: root, env });
  child.stdin.end(input);
  return follow(child);
}

/** The lines that a process has printed, without the log. */
export const linesIn = (output: string): string[] =>
  output.split('\n').filter((line) => line !== '' && !line.startsWith('{'));

/** Collects the output of a process. The caller ends the process. */
export function follow(child: ChildProcess): RunningProcess {
  let output = '';
  const readers = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      for (const read of readers) read();
    });
  }
  const ended = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once('close', (code, signal) => {
      resolve(code ?? signal ?? 1);
    });
  });
  const line = (pattern: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      const read = (): void => {
        const found = output.split('\n').find((text) => pattern.test(text));
        if (found === undefined) return;
        readers.delete(read);
        resolve(found);
      };
      readers.add(read);
      read();
      void ended.then(() => {
        reject(new Error(`the process ended before it printed ${String(pattern)}:\n${output}`));
      });
      setTimeout(() => {
        reject(new Error(`timed out waiting for ${String(pattern)}:\n${output}`));
      }, 90_000).unref();
    });
  return { child, output: () => output, line, ended };
}

/** Signs somebody up over HTTP. */
export const signup = (url: string, email: string): Promise<Response> =>
  fetch(`${url}/api/users/signup`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ email, password: 'correct horse battery' }),
  });

export const statusOf = async (url: string): Promise<number> => (await fetch(url)).status;

/** Repeats a check until it holds. A check that throws is repeated too. */
export async function until(check: () => Promise<boolean>, maxMs = 30_000): Promise<void> {
  const deadline = Date.now() + maxMs;
  while (!(await check().catch(() => false))) {
    if (Date.now() > deadline) throw new Error(`the condition did not hold within ${maxMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
