import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { buildPages } from '../../../dev/pages/build-pages';
import { sendRaw } from '../../test/raw';
import { useService } from '../../test/service';
import type { PageFiles } from '../page-files';
import { pagePaths } from '../page-paths';

let files: PageFiles;
const settings = {
  productName: 'Ada & <b>"Co"</b> · $& {{settings}}',
  mail: true,
  signupMode: 'open',
  passwordProfile: 'default',
  closedAccountSeconds: 604_800,
} as const;
const service = useService({ pages: { source: () => files, settings } });

beforeAll(async () => {
  files = await buildPages();
});

const paths = Object.keys(pagePaths);
const get = (path: string, headers: Record<string, string> = {}) => service.api().get(path).set(headers);
/** Every file that a page names. */
const assetsOf = (html: string): string[] =>
  [...html.matchAll(/"(\/assets\/[^"]+)"/g)].map(([, path = '']) => path);

describe('a page', () => {
  it.each(paths)(
    '%s is HTML that a browser asks for again, and that no other site can frame or script',
    async (path) => {
      const response = await get(path).expect(200);
      expect(response.type).toBe('text/html');
      expect(response.text).toContain(
        'data-mail="on" data-signup="open" data-passwords="default" data-closed-seconds="604800"',
      );
      expect(response.text).not.toMatch(/<b>|<script(?! type="module" src=)| style=| on\w+=/);
      expect(response.headers).toMatchObject({
        'cache-control': 'no-cache',
        'content-security-policy':
          "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        vary: 'Accept-Encoding',
      });
      expect(response.headers['set-cookie']).toBeUndefined();
    },
  );

  it.each(paths)(
    '%s has the name of the service as text, in its title, at its top and in an attribute',
    async (path) => {
      const { text } = await get(path);
      const name = 'Ada &amp; &lt;b&gt;&quot;Co&quot;&lt;/b&gt; · $&amp; {{settings}}';
      expect(text.split(name)).toHaveLength(4);
      expect(text).toContain(` data-product="${name}"`);
      expect(text).toContain(` · ${name}</title>`);
      expect(text.replaceAll(name, '')).not.toContain('{{');
    },
  );

  it('is answered with 304 to whoever has it, in each encoding by an ETag of its own', async () => {
    const tags = new Set<string>();
    for (const encoding of ['br', 'gzip', 'identity']) {
      const { headers } = await get('/signin', { 'Accept-Encoding': encoding }).expect(200);
      const tag = String(headers['etag']);
      tags.add(tag);
      for (const known of [tag, `W/${tag}`, `"other", ${tag}`, '*']) {
        const again = await get('/signin', { 'Accept-Encoding': encoding, 'If-None-Match': known }).expect(
          304,
        );
        expect(again.headers).toMatchObject({ etag: tag, 'cache-control': 'no-cache' });
      }
      await get('/signin', { 'Accept-Encoding': encoding, 'If-None-Match': '"other"' }).expect(200);
    }
    expect(tags.size).toBe(3);
  });

  it('has no body in the response to HEAD, and refuses every other method', async () => {
    for (const path of [...paths, '/.well-known/change-password']) {
      const head = await service.api().head(path);
      expect(head.status).toBeLessThan(400);
      expect(head.text).toBeUndefined();
      const refused = await service.api().post(path).expect(405);
      expect(refused.get('Allow')).toBe('GET, HEAD');
      expect(refused.body.errors[0].code).toBe('method_not_allowed');
    }
  });

  it('is shown after two requests: its HTML has text, and one style sheet blocks nothing else', async () => {
    for (const path of paths) {
      const { text } = await get(path);
      expect(text.match(/<link rel="stylesheet"/g)).toHaveLength(1);
      expect(text.match(/<script/g)).toHaveLength(1);
      expect(text).toMatch(/<h1[^>]*>[^<]/);
    }
    const styles = [...files.assets].filter(([name]) => name.endsWith('.css'));
    expect(styles.map(([, { identity }]) => identity.toString()).join()).not.toMatch(/@import|url\(/);
  });

  it('is small: all pages with all that they load are at most 60 kB, compressed', async () => {
    const pages = await Promise.all(paths.map((path) => sendRaw(service.url, raw(path))));
    const documents = pages.reduce((sum, text) => sum + text.length, 0);
    const assets = [...files.assets.values()].reduce((sum, { gzip }) => sum + gzip.length, 0);
    expect(documents + assets).toBeLessThan(60_000);
    // Each kind has room of its own, so that a sudden growth is seen.
    expect(assets).toBeLessThan(25_000);
  });
});

const raw = (path: string): string =>
  `GET ${path} HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n`;

describe('a file of a page', () => {
  it('is kept for ever, and is the same in each encoding', async () => {
    const names = assetsOf((await get('/account')).text);
    expect(new Set(names).size).toBe(3);
    for (const name of names) {
      expect(name).toMatch(/-[A-Z0-9]{8}\.(js|css|svg)$/);
      const response = await get(name).expect(200);
      expect(response.headers).toMatchObject({
        'cache-control': 'public, max-age=31536000, immutable',
        'x-content-type-options': 'nosniff',
        vary: 'Accept-Encoding',
      });
      const file = files.assets.get(name.replace('/assets/', ''));
      expect(brotliDecompressSync(file?.br ?? '')).toEqual(file?.identity);
      expect(gunzipSync(file?.gzip ?? '')).toEqual(file?.identity);
    }
  });

  it.each([
    ['br, gzip', 'br'],
    ['gzip, deflate, br', 'br'],
    ['gzip', 'gzip'],
    ['br;q=0, gzip', 'gzip'],
    ['identity', undefined],
    ['br;q=0, gzip;q=0', undefined],
  ])('is sent to a browser that accepts "%s" in %s', async (accepted, encoding) => {
    const [name = ''] = assetsOf((await get('/')).text).filter((path) => path.endsWith('.css'));
    const { headers } = await get(name, { 'Accept-Encoding': accepted }).expect(200);
    expect(headers['content-encoding']).toBe(encoding);
  });

  it('of another version is that of this one, and nobody keeps it', async () => {
    for (const name of ['app-AAAAAAAA.js', 'pages-AAAAAAAA.css', 'logo-AAAAAAAA.svg']) {
      const response = await get(`/assets/${name}`).expect(200);
      expect(response.headers['cache-control']).toBe('no-store');
    }
  });

  it.each([
    '/assets/nothing.js',
    '/assets/app-AAAAAAAA.css',
    '/assets/-AAAAAAAA.js',
    '/assets/app-AAAAAAAA.js.br',
    '/assets/..%2fmanifest.json',
    '/assets/%2e%2e%2f%2e%2e%2findex.js',
    '/assets/..%5cmanifest.json',
    '/assets/constructor',
    '/assets/app.js%00',
    '/assets/',
    '/assets',
    '/signin/..%2f..%2fetc%2fpasswd',
    '/manifest.json',
  ])('%s is not found', async (path) => {
    await get(path).expect(404);
  });

  it('is not reached by a path that leaves its folder', async () => {
    const answer = await sendRaw(service.url, raw('/assets/../../../package.json'));
    expect(answer).toMatch(/^HTTP\/1\.1 404 /);
  });
});

describe('an unknown path', () => {
  const browser = { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

  it('is a page for a browser', async () => {
    const response = await get('/nothing', browser).expect(404);
    expect(response.type).toBe('text/html');
    expect(response.text).toContain('Page not found');
    expect(response.headers['cache-control']).toBe('no-cache');
    await get('/nothing', { ...browser, 'If-None-Match': '*' }).expect(404);
  });

  it.each(['/api', '/api/', '/api/nothing', '/api/users/nothing', '/API/users/nothing'])(
    'is JSON at %s, for a browser too',
    async (path) => {
      const { body, headers } = await get(path, browser).expect(404);
      expect(body).toEqual({ errors: [{ message: 'Not Found', code: 'not_found' }] });
      expect(headers['cache-control']).toBe('no-store');
      expect(headers['content-security-policy']).not.toContain('script-src');
    },
  );

  it('is JSON for a program, and for a request that would change something', async () => {
    await get('/nothing', { Accept: '*/*' }).expect(404).expect('Content-Type', /json/);
    await service.api().post('/nothing').set(browser).expect(404).expect('Content-Type', /json/);
  });
});

it('leads password managers to the form that changes the password', async () => {
  const response = await get('/.well-known/change-password').expect(302);
  expect(response.get('Location')).toBe('/account#password');
});

it('says in links of mails what they are for', async () => {
  await service.signedUp('for@example.com');
  const { link } = await service.mailTo('for@example.com');
  expect(link).toMatch(/^http:\/\/localhost:3000\/email-verification\?for=verification#token=[\w-]{43}$/);
});
