import { fork, spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

export interface ProcessGroup {
  child: ChildProcess;
  /** Resolves with the exit code once every process of the group has closed its output. */
  ended: Promise<number>;
  /** Ends all of it at once. */
  kill: () => void;
}

/**
 * Starts a process in a group of its own, which Ctrl-C in the terminal does not reach. The group is killed when this
 * process is gone, whatever ended it.
 */
export function startGroup(command: string, args: string[], options: SpawnOptions): ProcessGroup {
  const child = spawn(command, args, { ...options, detached: true });
  const { pid } = child;
  if (pid === undefined) return { child, ended: failed(child), kill: () => undefined };

  const reaper = fork(path.join(__dirname, 'reaper.js'), [String(pid)], { detached: true, stdio: 'ignore' });
  reaper.unref();
  reaper.channel?.unref();
  const ended = once(child, 'close').then(([code]) => {
    if (reaper.connected) reaper.disconnect();
    return (code as number | null) ?? 1;
  });
  return { child, ended, kill: killGroup.bind(undefined, pid) };
}

/** @throws {Error} one sentence: why the process could not be started */
async function failed(child: ChildProcess): Promise<never> {
  const [error] = (await once(child, 'error')) as [NodeJS.ErrnoException];
  throw new Error(`${child.spawnfile} could not be started (${error.code ?? error.message})`, {
    cause: error,
  });
}

function killGroup(pid: number): void {
  try {
    // Windows has no process groups.
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
