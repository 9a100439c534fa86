import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { compiled } from './compile';
import type { Job, Tally } from './processes/job';
import type { TallyMessage } from './processes/worker';

/** A process that does jobs. */
export interface Worker {
  pid: number;
  usesDatabase: boolean;
  run: (job: Job) => Promise<Tally>;
  stop: () => Promise<void>;
}

/** Starts a file of processes/. It ends with this process, too. */
export function forkProcess(name: string, env: NodeJS.ProcessEnv = {}): ChildProcess {
  // Without execArgv it would run under ts-node. Lines of log are read and dropped, as from a pipe.
  const child = fork(compiled(name), [], {
    execArgv: [],
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  child.stdout?.resume();
  return child;
}

export function startWorker(name: string, env?: NodeJS.ProcessEnv): Worker {
  const child = forkProcess(name, env);
  let lastId = 0;
  return {
    pid: child.pid ?? 0,
    // Beside hashes mongod is idle, but idle time is counted with a sign-in too.
    usesDatabase: true,
    run: (job) => {
      const id = (lastId += 1);
      return new Promise((resolve, reject) => {
        const take = (message: unknown): void => {
          const { id: done, tally } = message as TallyMessage;
          if (done !== id) return;
          child.off('message', take).off('exit', fail);
          resolve(tally);
        };
        const fail = (): void => {
          reject(new Error(`the process ${name} ended in the middle of a job`));
        };
        child.on('message', take).once('exit', fail);
        child.send({ id, job });
      });
    },
    stop: () => endOf(child),
  };
}

export async function endOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}
