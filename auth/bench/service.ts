import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../dev/ports';
import { startGroup } from '../dev/process-group';
import { formatCost, type ScryptCost } from '../src/services/passwords/scrypt-cost';
import { highestSettings } from '../src/test/rates';

/** A process that answers HTTP. */
export interface Server {
  pid: number;
  port: number;
  /** Whether what it does costs mongod time, which then is counted. */
  usesDatabase: boolean;
  stop: () => Promise<unknown>;
}

/** The default of the service. */
export const cost: ScryptCost = { ln: 15, r: 8, p: 3 };
export const parallelHashes = 2;

/** What the image and the Deployment set for the process, and so for every process that is measured. */
export const processSettings = {
  NODE_ENV: 'production',
  MALLOC_MMAP_THRESHOLD_: '1048576',
  NODE_OPTIONS: '--max-old-space-size=128 --max-semi-space-size=8',
};

const settings = {
  ...processSettings,
  ...highestSettings,
  PUBLIC_URL: 'https://bench.example',
  TRUST_PROXY: '0',
  MAIL: 'off',
  KEY_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
  // The longest there is: past half of it a check renews the cookie, which is another scenario.
  JWT_TTL_SECONDS: '3600',
  // On a busy machine the usual 0.3 s would refuse requests that are to be measured.
  LIMITS_WAIT_MS: '5000',
  PASSWORD_COST: formatCost(cost),
  HASH_CONCURRENCY: String(parallelHashes),
};

const root = path.resolve(__dirname, '..');
const startLimitMs = 60_000;

/**
 * Starts the built service, and waits until it is ready.
 * @returns also how long that took
 * @throws {Error} one sentence, when it does not become ready
 */
export async function startService(changed: NodeJS.ProcessEnv): Promise<Server & { startMs: number }> {
  const [port, healthPort] = [await freePort(), await freePort()];
  const env = {
    PATH: process.env['PATH'],
    ...settings,
    ...changed,
    PORT: String(port),
    HEALTH_PORT: String(healthPort),
  };
  const began = performance.now();
  const { child, ended, kill } = startGroup(process.execPath, ['dist/index.js'], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.stdout?.resume();
  const stop = (): Promise<number> => {
    kill();
    return ended;
  };
  while (!(await isReady(healthPort))) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error('the service ended before it was ready');
    if (performance.now() - began > startLimitMs) {
      await stop();
      throw new Error(`the service was not ready within ${startLimitMs / 1000} s`);
    }
    await delay(5);
  }
  return { pid: child.pid ?? 0, port, usesDatabase: true, stop, startMs: performance.now() - began };
}

const isReady = (healthPort: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${healthPort}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  );
