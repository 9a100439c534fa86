import { execFileSync, spawn } from 'node:child_process';
import { cpSync, symlinkSync } from 'node:fs';
import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { follow, freePort, type RunningProcess } from '../../src/test/process';

export const root = path.resolve(__dirname, '../..');

/** As a new user runs it, but with a cheap hash. */
export const embedded = { NODE_ENV: '', MONGO_URI: '', PASSWORD_COST: 'ln=4,r=8,p=1' };

export const ports = async () => ({
  PORT: String(await freePort()),
  HEALTH_PORT: String(await freePort()),
  INBOX_PORT: '0',
});

export interface Dev {
  /** `npm run dev` with these settings, in a process group of its own as a terminal gives it. */
  dev: (settings: NodeJS.ProcessEnv) => RunningProcess;
  /** A temporary folder that is removed after the tests. */
  temporaryFolder: () => Promise<string>;
  /** The copy of the sources that `dev` runs, without the checkout's .env. */
  copy: () => string;
  /** What runs put into the system's folder for temporary files. */
  temporaryFiles: () => string;
  /** The processes that were started in the copy: number and command line. */
  processes: () => { pid: number; args: string }[];
}

/** Runs `npm run dev` for the tests of one file, and ends the runs that are left after them. */
export function useDev(): Dev {
  const started: RunningProcess[] = [];
  const folders: string[] = [];
  const temporaryFolder = async (): Promise<string> => {
    const folder = await realpath(await mkdtemp(path.join(os.tmpdir(), 'dev-')));
    folders.push(folder);
    return folder;
  };
  let copy = '';
  const temporaryFiles = () => path.join(copy, 'tmp');
  beforeAll(async () => {
    copy = await temporaryFolder();
    for (const name of ['src', 'dev', 'pages', 'package.json', 'tsconfig.json']) {
      cpSync(path.join(root, name), path.join(copy, name), { recursive: true });
    }
    symlinkSync(path.join(root, 'node_modules'), path.join(copy, 'node_modules'));
    await mkdir(temporaryFiles());
  });
  afterAll(async () => {
    for (const { child } of started) if (child.exitCode === null) child.kill('SIGTERM');
    await Promise.all(started.map(({ ended }) => ended));
    for (const folder of folders)
      for (const made of [folder, `${folder}.key`]) await rm(made, { recursive: true, force: true });
  });
  const dev = (settings: NodeJS.ProcessEnv): RunningProcess => {
    const child = spawn('npm', ['run', '--silent', 'dev'], {
      cwd: copy,
      // On Node 24 npm keeps a cache of its own in the temporary folder.
      env: {
        ...process.env,
        ...embedded,
        NODE_DISABLE_COMPILE_CACHE: '1',
        TMPDIR: temporaryFiles(),
        ...settings,
      },
      detached: true,
    });
    const running = follow(child);
    started.push(running);
    return running;
  };
  const processes = () => {
    const all = execFileSync('ps', ['-A', '-ww', '-o', 'pid=,args='], { encoding: 'utf8' });
    const lines = all.split('\n').filter((line) => line.includes(copy));
    return lines.map((line) => ({ pid: Number.parseInt(line), args: line.trim().replace(/^\d+ /, '') }));
  };
  return { dev, temporaryFolder, copy: () => copy, temporaryFiles, processes };
}

/** What a terminal does: the signal reaches npm and all that it started. */
export function signalAll({ child }: RunningProcess, signal: NodeJS.Signals): void {
  if (child.pid !== undefined) process.kill(-child.pid, signal);
}
