import { constants } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import path from 'node:path';

/** Where data are kept unless MONGO_DATA says otherwise. */
export const defaultFolder = path.resolve(__dirname, '../.data/mongo');

/** The folder of the embedded database's data: MONGO_DATA if it names one; undefined if it is `temporary`. */
export function dataFolderOf(env: NodeJS.ProcessEnv): string | undefined {
  const named = env['MONGO_DATA'];
  if (named === 'temporary') return undefined;
  return path.resolve(named ?? defaultFolder);
}

/** The file beside the data in which a running `npm run dev` writes the address of its database. */
export const uriFileOf = (folder: string): string => `${folder}.uri`;

/**
 * Makes the folder if it is missing.
 * @throws {Error} one sentence, when it can't be made or written to
 */
export async function prepareDataFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw new Error(
      `the data folder ${folder} can't be written to (${code}): set MONGO_DATA to another folder or to temporary`,
      { cause: error },
    );
  }
}
