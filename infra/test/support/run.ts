import { execFile } from 'node:child_process';

export interface RunOptions {
  cwd?: string;
  /** Set beside the variables that there are. */
  env?: Record<string, string>;
  /** Given to the command's standard input. */
  input?: string;
  /** After which the command is ended; a minute unless told. */
  timeoutMs?: number;
}

/**
 * Runs a command to its end; answers what it printed.
 * @throws {Error} with what it printed to its standard error, where it failed
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
        reject(new Error(`${command} ${args.join(' ')}: no end after ${timeoutMs / 1000} s`));
      else
        reject(new Error(`${command} ${args.join(' ')}: ${stderr || error.message}\n${stdout.slice(-2000)}`));
    });
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Asks again and again until the answer is anything but undefined or false; what the question throws counts as no.
 * @throws {Error} when the time is over, with what was asked for and the last failure
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

/** Tells what the tests do while they do it. */
export function say(line: string): void {
  process.stdout.write(`# ${line}\n`);
}
