import { existsSync } from 'node:fs';
import { firefox, type Browser } from 'playwright-core';

const places = [
  '/usr/bin/firefox-esr',
  '/usr/bin/firefox',
  '/Applications/Firefox.app/Contents/MacOS/firefox',
];

/** The Firefox of this machine, of version 138 or later; FIREFOX names another one. Undefined if there is none. */
export const firefoxPath = (): string | undefined =>
  [process.env['FIREFOX'] ?? '', ...places].find((place) => existsSync(place));

/** Starts a Firefox as its makers ship it, over WebDriver BiDi. */
export const launchFirefox = (executablePath: string): Promise<Browser> =>
  firefox.launch({ channel: 'moz-firefox', executablePath, timeout: 60_000 });
