import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../../src/test/process';
import { ports, useDev } from './run';

const { dev, copy } = useDev();

const source = () => path.join(copy(), 'src/health.ts');
const save = (text: string): void => {
  writeFileSync(source(), text);
};

const git = (...args: string[]): void => {
  execFileSync('git', ['-c', 'user.name=test', '-c', 'user.email=test@example.com', ...args], {
    cwd: copy(),
  });
};

describe('a save while npm run dev runs', () => {
  it('is served, even if a second one follows within 0.2 s or git restores the file, compiling or not', async () => {
    git('init', '--quiet');
    git('add', 'src');
    git('commit', '--quiet', '--message', 'sources');
    const settings = await ports();
    const running = dev({ ...settings, MONGO_DATA: 'temporary' });
    await running.line(/^dev: ready/);
    const original = readFileSync(source(), 'utf8');
    const serves = (status: string) =>
      until(async () => {
        const response = await fetch(`http://localhost:${settings.HEALTH_PORT}/livez`);
        return (await response.text()) === JSON.stringify({ status });
      }, 20_000);
    await serves('alive');

    for (const round of ['a', 'b', 'c']) {
      save(original.replace('alive', `first-${round}`));
      await delay(100);
      save(original.replace('alive', `second-${round}`));
      await serves(`second-${round}`);
    }

    const restore = () => {
      git('checkout', '--quiet', 'src/health.ts');
      return serves('alive');
    };
    await restore();
    save('export const broken = {{{');
    await running.line(/Compilation error|Unable to compile/);
    await restore();
  }, 120_000);
});
