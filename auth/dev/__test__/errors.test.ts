import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { startMongod } from '../mongod';
import { ports, useDev } from './run';

const { dev, temporaryFolder, copy } = useDev();

/** Runs it to its end; answers the lines, without the one about the version of Node. */
async function failure(settings: NodeJS.ProcessEnv): Promise<string[]> {
  const { ended, output } = dev({ ...(await ports()), MONGO_DATA: 'temporary', ...settings });
  expect(await ended).toBe(1);
  const lines = output().trim().split('\n');
  return lines.filter((line) => !/^dev: (warning: Node 20|mongod: )/.test(line));
}

async function takenPort(): Promise<{ port: string; close: () => void }> {
  const server = createServer().listen(0);
  await once(server, 'listening');
  return { port: String((server.address() as AddressInfo).port), close: () => server.close() };
}

describe('npm run dev says in plain lines, and ends with 1', () => {
  it('which settings have a wrong value', async () => {
    expect(await failure({ LOG_LEVEL: 'trace', PORT: 'abc', INBOX_PORT: '65536' })).toEqual([
      'dev: PORT must be a whole number from 0 to 65535',
      'dev: LOG_LEVEL must be one of fatal, error, warn, info, debug, silent',
      'dev: INBOX_PORT must be a whole number from 0 to 65535',
    ]);
  });

  it('which settings of .env have a wrong value, unless the environment has another', async () => {
    const file = path.join(copy(), '.env');
    await writeFile(file, 'LOG_LEVEL=trace\nSIGNUP_MODE=maybe\nMONGO_URL=x\n');
    const lines = await failure({ LOG_LEVEL: 'info' });
    await rm(file);
    expect(lines).toEqual([
      'dev: warning: MONGO_URL is not a setting and has no effect. Did you mean MONGO_URI?',
      'dev: SIGNUP_MODE must be one of open, verify-first',
    ]);
  });

  it('all ports that are taken', async () => {
    const [first, second] = await Promise.all([takenPort(), takenPort()]);
    expect(await failure({ PORT: first.port, HEALTH_PORT: second.port })).toEqual([
      `dev: ports ${first.port} and ${second.port} are in use: stop what listens there, or set PORT and HEALTH_PORT to others`,
    ]);
    first.close();
    second.close();
  });

  it('F35 that its data folder is in use', async () => {
    const folder = await temporaryFolder();
    const other = await startMongod({ dataFolder: folder, say: () => undefined });
    const lines = await failure({ MONGO_DATA: folder });
    await other.stop();
    expect(lines).toEqual([
      `dev: the data folder ${folder} is in use: stop the other npm run dev, or set MONGO_DATA to another folder or to temporary`,
    ]);
  });

  it('that its data folder can’t be written to', async () => {
    const folder = path.join(copy(), 'package.json/data');
    expect(await failure({ MONGO_DATA: folder })).toEqual([
      `dev: the data folder ${folder} can't be written to (ENOTDIR): set MONGO_DATA to another folder or to temporary`,
    ]);
  });

  it('that Node is too old', () => {
    const old = "Object.defineProperty(process.versions, 'node', { value: '18.20.8' })";
    const { status, stderr } = spawnSync(process.execPath, ['-e', `${old}; require('./dev/start.js')`], {
      cwd: copy(),
      encoding: 'utf8',
    });
    expect(stderr).toBe('dev: Node 18.20.8 is too old: install Node 24 (20.19 is the minimum)\n');
    expect(status).toBe(1);
  });
});

describe('npm run dev', () => {
  it('says that the MongoDB of MONGO_URI can’t be reached, and goes on', async () => {
    const { port, close } = await takenPort();
    close();
    const running = dev({ ...(await ports()), MONGO_URI: `mongodb://127.0.0.1:${port}/auth` });
    await running.line(/^dev: warning: MongoDB can't be reached \(connect ECONNREFUSED .*\)/);
    running.child.kill('SIGTERM');
    await running.ended;
    expect(running.output()).not.toMatch(/^ {4}at /m);
    expect(running.output()).not.toContain('dev: ready');
  });
});
