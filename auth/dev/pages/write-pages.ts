import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Manifest } from '../../src/pages/page-files';
import { buildPages } from './build-pages';

// Part of `npm run build`: the pages, as `readPages` reads them.

const folder = path.resolve(__dirname, '../../dist/pages/built');

async function main(): Promise<void> {
  const { documents, assets } = await buildPages();
  await rm(folder, { recursive: true, force: true });
  await mkdir(path.join(folder, 'assets'), { recursive: true });
  for (const [name, html] of documents) await writeFile(path.join(folder, `${name}.html`), html);
  for (const [name, { identity, br, gzip }] of assets) {
    const file = path.join(folder, 'assets', name);
    await writeFile(file, identity);
    await writeFile(`${file}.br`, br);
    await writeFile(`${file}.gz`, gzip);
  }
  const manifest: Manifest = {
    documents: [...documents.keys()],
    assets: Object.fromEntries([...assets].map(([name, { type }]) => [name, type])),
  };
  await writeFile(path.join(folder, 'manifest.json'), JSON.stringify(manifest));
}

main().catch((error: unknown) => {
  process.stderr.write(`pages: ${error instanceof Error ? error.message : 'failed'}\n`);
  process.exit(1);
});
