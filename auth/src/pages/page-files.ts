import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

/** A file in each encoding that it may be sent in. */
export interface EncodedFile {
  /** Its Content-Type. */
  type: string;
  identity: Buffer;
  br: Buffer;
  gzip: Buffer;
}

/** What the build of `auth/pages` results in. */
export interface PageFiles {
  /** HTML by the name of its page. `{{settings}}` is where the attributes for the settings belong, `{{product}}` where the name does. */
  documents: ReadonlyMap<string, string>;
  /** Scripts, styles and images by their name, which has a hash of the content. */
  assets: ReadonlyMap<string, EncodedFile>;
}

/** Gives the files. In production they are always the same; in development they are those of the sources as saved. */
export type PagesSource = () => PageFiles | Promise<PageFiles>;

/** `manifest.json` of a build: names of pages, and the Content-Type of each file in `assets/`. */
const manifestType = z.object({ documents: z.array(z.string()), assets: z.record(z.string(), z.string()) });
export type Manifest = z.infer<typeof manifestType>;

/** The build of the pages that belongs to the build of the service. */
export const builtPages = path.join(__dirname, 'built');

/**
 * Reads a build from its folder.
 * @throws {Error} if it is not complete
 */
export function readPages(folder: string): PageFiles {
  const read = (...names: string[]): Buffer => readFileSync(path.join(folder, ...names));
  const manifest = manifestType.parse(JSON.parse(read('manifest.json').toString()));
  return {
    documents: new Map(manifest.documents.map((name) => [name, read(`${name}.html`).toString()])),
    assets: new Map(
      Object.entries(manifest.assets).map(([name, type]) => [
        name,
        {
          type,
          identity: read('assets', name),
          br: read('assets', `${name}.br`),
          gzip: read('assets', `${name}.gz`),
        },
      ]),
    ),
  };
}
