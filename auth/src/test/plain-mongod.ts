import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { findMongod } from '../../dev/mongod-binary';
import { follow, freePort } from './process';

export interface PlainMongod {
  /** Names the one server, no database and no user: append a database to the path. */
  uri: (database: string) => string;
  folder: string;
  /** Ends it and starts it again over the same data, with these arguments. */
  restart: (args: string[]) => Promise<void>;
  /** Ends it, and removes its data. */
  stop: () => Promise<void>;
}

/** Starts a mongod with arguments of the test's own: with none it is a standalone one. */
export async function startPlainMongod(args: string[] = []): Promise<PlainMongod> {
  const binary = await findMongod({ say: () => undefined, signal: new AbortController().signal });
  const folder = await mkdtemp(path.join(os.tmpdir(), 'plain-mongod-'));
  const port = await freePort();
  const start = async (given: string[]) => {
    const fixed = ['--bind_ip', '127.0.0.1', '--port', String(port), '--dbpath', folder];
    const running = follow(spawn(binary, [...fixed, ...given]));
    await running.line(/Waiting for connections/);
    return running;
  };
  let running = await start(args);
  const end = async (): Promise<void> => {
    running.child.kill('SIGTERM');
    await running.ended;
  };
  return {
    uri: (database) => `mongodb://127.0.0.1:${port}/${database}`,
    folder,
    restart: async (given) => {
      await end();
      running = await start(given);
    },
    stop: async () => {
      await end();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
