import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { dataFolderOf, defaultFolder } from './data-folder';

/**
 * The key that encrypts the signing keys: made once, and kept in a file beside the data, so that a restart signs nobody
 * out. With temporary data it lasts as long as they do.
 */
export function keyEncryptionKey(env: NodeJS.ProcessEnv): string {
  const kept = dataFolderOf(env) ?? (env['MONGO_URI'] === undefined ? undefined : defaultFolder);
  if (kept === undefined) return newKey();
  const file = `${kept}.key`;
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
