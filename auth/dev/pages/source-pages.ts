import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { PageFiles, PagesSource } from '../../src/pages/page-files';
import { buildPages, pagesFolder } from './build-pages';

/** The pages of the sources, built in memory again once a file has been saved. */
export function sourcePages(): PagesSource {
  let built: { state: string; files: Promise<PageFiles> } | undefined;
  return async () => {
    const state = await stateOf(pagesFolder);
    if (built?.state !== state) built = { state, files: buildPages() };
    return built.files;
  };
}

/** What changes with each save: the names of the files, their sizes and times. */
async function stateOf(folder: string): Promise<string> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile());
  const states = files.map(async ({ parentPath, name }) => {
    const file = path.join(parentPath, name);
    const { size, mtimeMs } = await stat(file);
    return `${file} ${size} ${mtimeMs}`;
  });
  return (await Promise.all(states)).sort().join('\n');
}
