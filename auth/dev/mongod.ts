import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { prepareDataFolder } from './data-folder';
import { findMongod } from './mongod-binary';
import { launch } from './mongod-process';
import { becomePrimary, shutDown } from './replica-set';

export interface Mongod {
  /** Names a replica set of one member, and the database. */
  uri: (database: string) => string;
  pid: number | undefined;
  stop: () => Promise<void>;
}

export interface MongodOptions {
  /** A folder for the data, made if it is missing. Without it the data are removed at the end. */
  dataFolder?: string;
  /** The port, if it must be that one. */
  port?: number;
  /** Gets a line about which mongod is used, and what is downloaded. */
  say: (line: string) => void;
  /** Ends what takes long: a download, and the wait for the replica set. */
  signal?: AbortSignal;
}

const stopLimitMs = 10_000;

/**
 * Starts a mongod on 127.0.0.1 as the one member of a replica set, and waits until it can be written to.
 * @throws {Error} one sentence, when it can't be had or started
 */
export async function startMongod(options: MongodOptions): Promise<Mongod> {
  const { dataFolder, port, say, signal = new AbortController().signal } = options;
  if (dataFolder !== undefined) await prepareDataFolder(dataFolder);
  const binary = await findMongod({ say, signal });
  signal.throwIfAborted();
  const folder = dataFolder ?? (await mkdtemp(path.join(os.tmpdir(), 'mongod-')));
  const removeData = async (): Promise<void> => {
    if (dataFolder === undefined) await rm(folder, { recursive: true, force: true });
  };
  try {
    const { host, group } = await launch(binary, folder, port);
    const stop = async (): Promise<void> => {
      // Data that nobody will read need no orderly end.
      if (dataFolder === undefined) group.kill();
      else
        await Promise.race([shutDown(host).then(() => group.ended), delay(stopLimitMs, 0, { ref: false })]);
      group.kill();
      await group.ended;
      await removeData();
    };
    try {
      await becomePrimary(host, signal);
    } catch (error) {
      await stop();
      throw error;
    }
    return {
      uri: (database) => `mongodb://${host}/${database}?replicaSet=rs0`,
      pid: group.child.pid,
      stop,
    };
  } catch (error) {
    await removeData();
    throw error;
  }
}
