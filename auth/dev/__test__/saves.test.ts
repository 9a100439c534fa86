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

  it('of a page, its style or its words is served at the next request, and so is one that mends an error', async () => {
    const settings = await ports();
    const running = dev({ ...settings, MONGO_DATA: 'temporary' });
    await running.line(/^dev: ready/);
    const url = `http://localhost:${settings.PORT}`;
    const page = async (): Promise<string> => (await fetch(`${url}/signin`)).text();
    const style = async (): Promise<string> => {
      const [, name = ''] = /href="(\/assets\/pages-[^"]+)"/.exec(await page()) ?? [];
      return (await fetch(url + name)).text();
    };
    const saved = (name: string, from: string, to: string): void => {
      const file = path.join(copy(), 'pages', name);
      writeFileSync(file, readFileSync(file, 'utf8').replace(from, to));
    };
    expect(await page()).toContain('<h1>Sign in</h1>');

    saved('words/en.ts', "title: 'Sign in'", "title: 'Welcome back'");
    expect(await page()).toContain('<h1>Welcome back</h1>');
    saved('html/signin.html', '<h1>', '<h1 id="top">');
    expect(await page()).toContain('<h1 id="top">Welcome back</h1>');
    saved('brand/brand.css', '#2f5bd7', '#123456');
    expect(await style()).toContain('#123456');
    saved('words/en.ts', "title: 'Welcome back'", "title: {{{'Welcome back'");
    expect((await fetch(`${url}/signin`)).status).toBe(500);
    saved('words/en.ts', 'title: {{{', 'title: ');
    expect(await page()).toContain('Welcome back');
  }, 120_000);
});
