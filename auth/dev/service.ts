import { connect } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { writeLog } from './output';
import { startGroup } from './process-group';
import { whenAborted, type Stop } from './stop';

// The service itself gives its requests 9 s.
const graceMs = 11_000;

export interface ServiceOptions {
  env: NodeJS.ProcessEnv;
  port: number;
  /** Where ts-node-dev may leave files. */
  temporaryFolder: string;
  stop: Stop;
  /** Called once, when the service listens. */
  ready: () => void;
}

/** Runs the service, restarted when a source changes, until it or the person ends it; answers the exit code. */
export async function runService({
  env,
  port,
  temporaryFolder,
  stop,
  ready,
}: ServiceOptions): Promise<number> {
  const script = path.resolve(__dirname, './serve.ts');
  const group = startGroup(
    process.execPath,
    [tsNodeDev(), '--respawn', '--transpile-only', '--no-notify', script],
    {
      env: { ...env, ...watching, ...preload, ...temporary(temporaryFolder) },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  for (const input of [group.child.stdout, group.child.stderr]) {
    if (input) createInterface({ input }).on('line', writeLog);
  }
  whenAborted(stop.atOnce, group.kill);
  whenAborted(stop.signal, () => {
    void isOpen(port).then(async (listening) => {
      // A service that does not listen has nothing to finish. ts-node-dev would leave one that it still compiles
      // for behind, busy for ever.
      if (listening) {
        group.child.kill('SIGTERM');
        await delay(graceMs, undefined, { ref: false });
      }
      group.kill();
    });
  });
  const ended = new AbortController();
  void whenOpen(port, ended.signal).then((open) => {
    if (open) ready();
  });
  const code = await group.ended;
  ended.abort();
  return stop.signal.aborted ? 0 : code;
}

/**
 * The file to run.
 * @throws {Error} one sentence, if ts-node-dev can't work where it is: it writes its own path into a script
 */
export function tsNodeDev(file = require.resolve('ts-node-dev/lib/bin')): string {
  const character = /['"$]/.exec(file)?.[0];
  if (character === undefined) return file;
  const [project] = file.split(`${path.sep}node_modules`, 1);
  throw new Error(
    `ts-node-dev can't run in a folder with ${character} in its path: rename or move ${project ?? file}`,
  );
}

// Polling notices what events on files miss: a second save within 0.2 s, and a file that git replaces.
const watching = { CHOKIDAR_USEPOLLING: 'true', CHOKIDAR_INTERVAL: '150' };

const preload = { NODE_DEV_PRELOAD: path.resolve(__dirname, 'preload.js') };

const temporary = (folder: string) => ({ TMPDIR: folder, TEMP: folder, TMP: folder });

async function whenOpen(port: number, ended: AbortSignal): Promise<boolean> {
  while (!ended.aborted) {
    if (await isOpen(port)) return true;
    await delay(100);
  }
  return false;
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, 'localhost');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}
