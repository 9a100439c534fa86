import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { until, type RunningProcess } from '../../src/test/process';
import { ports, signalAll, useDev } from './run';

const { dev, temporaryFolder, temporaryFiles, processes } = useDev();

async function expectNothingLeft({ ended, output }: RunningProcess): Promise<void> {
  await ended;
  await until(() => Promise.resolve(processes().length === 0), 5000).catch(() => {
    throw new Error(`left: ${JSON.stringify(processes(), null, 2)}\n${output()}`);
  });
  expect(await readdir(temporaryFiles())).toEqual([]);
  expect(output()).not.toContain('    at ');
}

describe('the end of npm run dev', () => {
  // From its first line to the one before it is ready.
  it.each([
    ['while mongod starts', /^dev: mongod: /],
    ['when mongod runs', /^dev: data: /],
    ['when ts-node-dev starts', /ts-node-dev ver/],
    ['when the service has its database', /Connected to MongoDb/],
  ])('leaves nothing behind at Ctrl-C %s', async (_when, line) => {
    const running = dev({ ...(await ports()), MONGO_DATA: 'temporary' });
    await running.line(line);
    const interrupted = Date.now();
    signalAll(running, 'SIGINT');
    await expectNothingLeft(running);
    expect(Date.now() - interrupted).toBeLessThan(20_000);
  });

  it('F33 comes when the terminal is closed', async () => {
    const running = dev({ ...(await ports()), MONGO_DATA: await temporaryFolder() });
    await running.line(/^dev: ready/);
    signalAll(running, 'SIGHUP');
    await expectNothingLeft(running);
    expect(running.output()).toContain('"msg":"Stopped"');
  });

  it('comes when nobody reads its output any more, without a stack', async () => {
    const settings = await ports();
    const running = dev({ ...settings, MONGO_DATA: 'temporary' });
    await running.line(/^dev: ready/);
    running.child.stdout?.destroy();
    // The line of this request can't be written.
    await fetch(`http://localhost:${settings.PORT}/api/users/currentuser`);
    await expectNothingLeft(running);
  });

  it('does not wait for ever for a service that hangs', async () => {
    const running = dev({ ...(await ports()), MONGO_DATA: 'temporary' });
    await running.line(/^dev: ready/);
    const service = processes().find(({ args }) => args.includes('wrap.js'));
    process.kill(service?.pid ?? 0, 'SIGSTOP');
    const interrupted = Date.now();
    signalAll(running, 'SIGINT');
    await expectNothingLeft(running);
    expect(Date.now() - interrupted).toBeLessThan(20_000);
  });

  it('takes what it started with it when it is killed', async () => {
    const folder = await temporaryFolder();
    const running = dev({ ...(await ports()), MONGO_DATA: path.join(folder, 'data'), TMPDIR: folder });
    await running.line(/^dev: ready/);
    expect(processes().length).toBeGreaterThan(2);
    signalAll(running, 'SIGKILL');
    await running.ended;
    await until(() => Promise.resolve(processes().length === 0), 5000);
  });
});
