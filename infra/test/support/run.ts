import { execFile } from 'node:child_process';

export interface RunOptions {
  cwd?: string;
  /** Added to the environment of this process. */
  env?: Record<string, string>;
  /** Written to the command's standard input. */
  input?: string;
  /** The command is killed after this time. The default is a minute. */
  timeoutMs?: number;
}

/**
 * Runs a command to its end. Returns its standard output.
 * @throws {Error} with its standard error, if it fails
 */
export function run(command: string, args: string[], options: RunOptions = {}): Promise<string> {
  const { input = '', timeoutMs = 60_000, cwd, env } = options;
  return new Promise((resolve, reject) => {
    const settings = {
      cwd,
      env: { ...process.env, ...env },
      timeout: timeoutMs,
      killSignal: 'SIGKILL' as const,
      maxBuffer: 256 * 1024 * 1024,
    };
    const child = execFile(command, args, settings, (error, stdout, stderr) => {
      if (!error) resolve(stdout);
      else if (error.killed)
        reject(new Error(`${command} ${args.join(' ')}: not finished after ${timeoutMs / 1000} s`));
      else
        reject(new Error(`${command} ${args.join(' ')}: ${stderr || error.message}\n${stdout.slice(-2000)}`));
    });
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Calls `ask` repeatedly until it returns anything but undefined or false. An error counts as false.
 * @throws {Error} after `timeoutMs`, with `what` and the last error
 */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined | false> | T | undefined | false,
  { timeoutMs = 60_000, everyMs = 250 } = {},
): Promise<T> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    let failure: unknown;
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
    } catch (error) {
      failure = error;
    }
    if (Date.now() > end) throw new Error(`waited ${timeoutMs / 1000} s for ${what}`, { cause: failure });
    await sleep(everyMs);
  }
}

/** Prints a line of progress or a measurement. */
export function say(line: string): void {
  process.stdout.write(`# ${line}\n`);
}
