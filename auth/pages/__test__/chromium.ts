import { existsSync } from 'node:fs';

const places = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/**
 * The browser of this machine; CHROMIUM names another one.
 * @throws {Error} if there is none
 */
export function chromiumPath(): string {
  const { CHROMIUM: named } = process.env;
  const found = named ?? places.find((place) => existsSync(place));
  if (found === undefined)
    throw new Error('no Chromium: install it (apt-get install chromium), or set CHROMIUM');
  return found;
}
