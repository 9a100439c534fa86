import { createInterface } from 'node:readline';
import { parseJsonLine } from './json-line';
import { freePort } from './ports';
import { startGroup, type ProcessGroup } from './process-group';

const startLimitMs = 30_000;

/**
 * Starts a mongod and waits until it takes connections.
 * @throws {Error} one sentence, when it does not start
 */
export async function launch(
  binary: string,
  folder: string,
  port?: number,
): Promise<{ host: string; group: ProcessGroup }> {
  const host = `127.0.0.1:${port ?? (await freePort())}`;
  const [bindIp = '', bindPort = ''] = host.split(':');
  const args = ['--dbpath', folder, '--bind_ip', bindIp, '--port', bindPort, '--replSet', 'rs0'];
  // A killed mongod would leave its socket in the temporary folder.
  if (process.platform !== 'win32') args.push('--nounixsocket');
  const group = startGroup(binary, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  await new Promise<void>((resolve, reject) => {
    let reason: string | undefined;
    const limit = setTimeout(() => {
      group.kill();
    }, startLimitMs);
    const { stdout, stderr } = group.child;
    for (const input of [stdout, stderr]) {
      if (input === null) continue;
      // The lines go on being read to the end: a full pipe would stop mongod.
      createInterface({ input }).on('line', (line) => {
        if (/waiting for connections/i.test(line)) {
          clearTimeout(limit);
          resolve();
        }
        reason ??= complaint(line);
      });
    }
    group.ended.then(() => {
      clearTimeout(limit);
      reject(new Error(explain(reason ?? 'it said nothing', folder)));
    }, reject);
  });
  return { host, group };
}

interface LogLine {
  s: string;
  msg: string;
  attr?: { error?: unknown; message?: unknown };
}

/** What a line of mongod's log says of an error; its lines are JSON since version 4.4. */
function complaint(line: string): string | undefined {
  const log = parseJsonLine(line) as LogLine | undefined;
  if (!log) return line;
  if (log.s !== 'E' && log.s !== 'F') return undefined;
  return [log.attr?.error, log.attr?.message].find((words) => typeof words === 'string') ?? log.msg;
}

function explain(reason: string, folder: string): string {
  const inUse = /DBPathInUse|lock file/.test(reason);
  return inUse
    ? `the data folder ${folder} is in use: stop the other npm run dev, or set MONGO_DATA to another folder or to temporary`
    : `mongod did not start on the data folder ${folder}: ${reason}`;
}
