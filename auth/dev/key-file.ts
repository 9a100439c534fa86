import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { dataFolderOf, defaultFolder } from './data-folder';

/** The file beside the data that has the key-encryption key; undefined where the data are temporary. */
export function keyFileOf(env: NodeJS.ProcessEnv): string | undefined {
  const kept = dataFolderOf(env) ?? (env['MONGO_URI'] === undefined ? undefined : defaultFolder);
  return kept === undefined ? undefined : `${kept}.key`;
}

/** The key that encrypts the signing keys: made once, and kept in the file, so that a restart signs nobody out. */
export function keyEncryptionKey(file: string | undefined): string {
  if (file === undefined) return newKey();
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const key = newKey();
  mkdirSync(path.dirname(file), { recursive: true });
  // A crash must not leave half a key.
  writeFileSync(`${file}.new`, `${key}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return key;
}

export const newKey = (): string => randomBytes(32).toString('base64');
