import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

const places = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** Starts the Chromium of this machine, without a sandbox, which needs rights that a container may not give. */
export const launchChromium = (): Promise<Browser> =>
  chromium.launch({
    executablePath: chromiumPath(),
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
    timeout: 60_000,
  });

/**
 * The browser of this machine; CHROMIUM names another one.
 * @throws {Error} if there is none
 */
function chromiumPath(): string {
  const { CHROMIUM: named } = process.env;
  const found = named ?? places.find((place) => existsSync(place));
  if (found === undefined)
    throw new Error('no Chromium: install it (apt-get install chromium), or set CHROMIUM');
  return found;
}
