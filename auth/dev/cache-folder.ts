import os from 'node:os';
import path from 'node:path';

/** Where downloads are kept from one checkout to the next. */
export const cacheFolder = (name: string): string =>
  path.join(process.env['XDG_CACHE_HOME'] ?? path.join(os.homedir(), '.cache'), name);
