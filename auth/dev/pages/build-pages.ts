import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import vm from 'node:vm';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { build, type BuildOptions, type OutputFile } from 'esbuild';
import type { EncodedFile, PageFiles } from '../../src/pages/page-files';
import { assetsPath } from '../../src/pages/page-paths';
import { fillIn, type Places } from './fill-in';

/** The sources of the pages. */
export const pagesFolder = path.resolve(__dirname, '../../pages');

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

const shared = {
  absWorkingDir: pagesFolder,
  bundle: true,
  write: false,
  logLevel: 'silent',
} as const satisfies BuildOptions;

/**
 * Builds the pages in memory.
 * @throws {Error} naming the file and the line that can't be built
 */
export async function buildPages(): Promise<PageFiles> {
  const templates = await readTemplates();
  const htmlVersion = createHash('sha256')
    .update(JSON.stringify([...templates]))
    .digest('hex')
    .slice(0, 8);
  const [assets, words] = await Promise.all([buildAssets(htmlVersion), readWords()]);
  const urls = Object.fromEntries(
    [...assets.keys()].map((name) => [name.replace(/-[^-]*\.(\w+)$/, '_$1'), `${assetsPath}/${name}`]),
  );
  return { assets, documents: buildDocuments(templates, { words, asset: urls, htmlVersion }) };
}

async function buildAssets(htmlVersion: string): Promise<Map<string, EncodedFile>> {
  const { outputFiles } = await build({
    ...shared,
    entryPoints: ['app.ts', 'styles/pages.css', 'brand/logo.svg'],
    entryNames: '[name]-[hash]',
    outdir: 'out',
    minify: true,
    format: 'esm',
    define: { HTML_VERSION: JSON.stringify(htmlVersion) },
    target: ['chrome109', 'firefox115', 'safari16'],
    loader: { '.svg': 'copy' },
  });
  return new Map(outputFiles.map((file) => [path.basename(file.path), encode(file)]));
}

function encode({ path: name, contents }: OutputFile): EncodedFile {
  const type = types[path.extname(name)];
  if (type === undefined) throw new Error(`there is no Content-Type for ${name}`);
  return {
    type,
    identity: Buffer.from(contents),
    br: brotliCompressSync(contents),
    gzip: gzipSync(contents, { level: 9 }),
  };
}

/** The words as the browser has them: TypeScript, which may have changed since the last build. */
async function readWords(): Promise<Places> {
  const { outputFiles } = await build({
    ...shared,
    entryPoints: ['words/words.ts'],
    format: 'cjs',
    platform: 'node',
  });
  const module: { exports: { words?: Places } } = { exports: {} };
  vm.runInNewContext(outputFiles[0]?.text ?? '', { module, Intl });
  return module.exports.words ?? {};
}

/** Each page of `html/` in the frame that all share, by its name. */
async function readTemplates(): Promise<Map<string, string>> {
  const folder = path.join(pagesFolder, 'html');
  const frame = await readFile(path.join(folder, 'frame.html'), 'utf8');
  const names = (await readdir(folder)).filter((name) => name.endsWith('.html') && name !== 'frame.html');
  const templates = names.sort().map(async (name): Promise<[string, string]> => {
    const content = await readFile(path.join(folder, name), 'utf8');
    return [path.basename(name, '.html'), frame.replace('{{content}}', () => content)];
  });
  return new Map(await Promise.all(templates));
}

const buildDocuments = (templates: ReadonlyMap<string, string>, places: Places): Map<string, string> =>
  new Map([...templates].map(([page, html]) => [page, fillIn(html, { ...places, page }, `${page}.html`)]));
