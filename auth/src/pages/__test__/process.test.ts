import { mkdtempSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { freshDatabase } from '../../test/database';
import { useProcesses } from '../../test/process';
import { readPages } from '../page-files';

const processes = useProcesses();

describe('the built service', () => {
  it('serves the pages of its build, with the settings that it has', async () => {
    const { url } = await processes.listening({
      MONGO_URI: freshDatabase(),
      PAGES: 'on',
      PASSWORD_PROFILE: 'strict',
      PRODUCT_NAME: 'Tour & Co',
    });
    const page = await fetch(url);
    expect(page.status).toBe(200);
    const html = await page.text();
    expect(html).toContain(
      'data-mail="off" data-signup="open" data-passwords="strict" data-closed-seconds="0"',
    );
    expect(html).toContain('<title>Welcome · Tour &amp; Co</title>');
    const [, script = ''] = /src="(\/assets\/app-[^"]+)"/.exec(html) ?? [];
    const { status, headers } = await fetch(url + script, { headers: { 'Accept-Encoding': 'br' } });
    expect(status).toBe(200);
    expect(headers.get('Content-Encoding')).toBe('br');
  });

  it('serves none of them with PAGES=off', async () => {
    const { url } = await processes.listening({ MONGO_URI: freshDatabase(), PAGES: 'off' });
    for (const at of ['/', '/signin', '/.well-known/change-password', '/assets/app.js']) {
      const response = await fetch(url + at, { headers: { Accept: 'text/html' }, redirect: 'manual' });
      expect(response.status).toBe(404);
      expect(await response.json()).toEqual({ errors: [{ message: 'Not Found', code: 'not_found' }] });
    }
  });
});

it('a build that is not complete is refused at start', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'pages-'));
  expect(() => readPages(folder)).toThrow(/manifest\.json/);
  writeFileSync(path.join(folder, 'manifest.json'), '{"documents":["home"],"assets":{}}');
  expect(() => readPages(folder)).toThrow(/home\.html/);
  writeFileSync(path.join(folder, 'manifest.json'), '{}');
  expect(() => readPages(folder)).toThrow(/documents/);
});
