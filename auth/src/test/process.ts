import { spawn, type ChildProcess } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';

const root = path.resolve(__dirname, '../..');

/** Settings with which a process starts quickly; PORT 0 takes any free port. */
const processSettings = {
  NODE_ENV: 'test',
  PORT: '0',
  HEALTH_PORT: '0',
  PASSWORD_COST: 'ln=4,r=8,p=1',
} as const;

export interface RunningProcess {
  child: ChildProcess;
  output: () => string;
  /** Resolves with the first line of output that matches; rejects when the process ends without it. */
  line: (pattern: RegExp) => Promise<string>;
  /** Resolves with the exit code, or the signal that ended it. */
  ended: Promise<number | NodeJS.Signals>;
}

export type ListeningProcess = RunningProcess & { url: string; healthUrl: string };

/** Starts the service, as `npm test` has built it, for the tests of one file, and ends the processes that are left after them. */
export function useProcesses(): {
  start: (settings: NodeJS.ProcessEnv) => RunningProcess;
  /** As `start`, and waits until it listens. */
  listening: (settings: NodeJS.ProcessEnv) => Promise<ListeningProcess>;
} {
  const started: RunningProcess[] = [];
  afterAll(async () => {
    for (const { child } of started) child.kill('SIGKILL');
    await Promise.all(started.map(({ ended }) => ended));
  });
  const start = (settings: NodeJS.ProcessEnv): RunningProcess => {
    const env = { PATH: process.env['PATH'], ...processSettings, ...settings };
    const running = follow(spawn(process.execPath, ['dist/index.js'], { cwd: root, env }));
    started.push(running);
    return running;
  };
  const listening = async (settings: NodeJS.ProcessEnv): Promise<ListeningProcess> => {
    const running = start(settings);
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

/** Collects what a process writes; who starts it ends it. */
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
        reject(new Error(`ended without ${String(pattern)}:\n${output}`));
      });
      setTimeout(() => {
        reject(new Error(`waited in vain for ${String(pattern)}:\n${output}`));
      }, 45_000).unref();
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

/** Asks until the answer is the one waited for, for 30 s unless told otherwise. */
export async function until(wanted: () => Promise<boolean>, mostMs = 30_000): Promise<void> {
  const last = Date.now() + mostMs;
  while (!(await wanted().catch(() => false))) {
    if (Date.now() > last) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** A port that nobody listens on at the moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => {
        resolve(port);
      });
    });
  });
}
