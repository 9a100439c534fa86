import { once } from 'node:events';
import type { Answer } from './processes/baseline';
import { processSettings, type Server } from './service';
import { endOf, forkProcess } from './worker-process';

/** Starts a server of processes/ that answers what the service answered. */
export async function startBaseline(name: string, answer: Answer): Promise<Server> {
  const child = forkProcess(name, { ...processSettings, ANSWER: JSON.stringify(answer) });
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  return { pid: child.pid ?? 0, port, usesDatabase: false, stop: () => endOf(child) };
}
