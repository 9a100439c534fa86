import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { cutOff, overflow, violations } from './checks';

const screenshots = path.resolve(__dirname, '../../coverage/pages');

/** Each state is looked at in the light on a desktop, and in the dark on the narrowest phone. */
const looks = [
  ['light', 1280],
  ['dark', 320],
] as const;

/** And at 200 %: in windows of these sizes a page then has half as many CSS pixels, each of twice the size. */
const zoomedWindows = [
  [640, 512],
  [1280, 1024],
] as const;

const noFault = { overflow: 0, cutOff: [] };
const layoutOf = async (page: Page) => ({ overflow: await overflow(page), cutOff: await cutOff(page) });

/**
 * Checks a state of a page with axe, in the light and wide, and in the dark and narrow, and keeps pictures. Enlarged to
 * 200 %, it needs no scrolling to the side, and nothing is cut off (WCAG 2.2, 1.4.4 and 1.4.10).
 */
export async function checkPage(page: Page, name: string): Promise<void> {
  mkdirSync(screenshots, { recursive: true });
  const before = page.viewportSize();
  for (const [colorScheme, width] of looks) {
    await page.setViewportSize({ width, height: 720 });
    // Without the transitions, in which colours are mixed for a moment.
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    const found = { violations: await violations(page), ...(await layoutOf(page)) };
    expect({ name, colorScheme, ...found }).toEqual({ name, colorScheme, violations: [], ...noFault });
    await page.screenshot({ path: path.join(screenshots, `${name}-${colorScheme}.png`), fullPage: true });
  }
  for (const size of zoomedWindows) {
    const found = await enlarged(page, size, () => layoutOf(page));
    expect({ name, size, ...found }).toEqual({ name, size, ...noFault });
  }
  if (before) await page.setViewportSize(before);
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: null });
}

/** Looks at a page at 200 %, in a window of that size. Playwright sets this only for a browser as a whole. */
async function enlarged<T>(
  page: Page,
  [width, height]: readonly [number, number],
  look: () => Promise<T>,
): Promise<T> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Emulation.setDeviceMetricsOverride', {
    width: width / 2,
    height: height / 2,
    deviceScaleFactor: 2,
    mobile: false,
  });
  try {
    const scale = await page.evaluate(() => [innerWidth, innerHeight, devicePixelRatio]);
    expect(scale).toEqual([width / 2, height / 2, 2]);
    return await look();
  } finally {
    await devtools.send('Emulation.clearDeviceMetricsOverride');
    await devtools.detach();
  }
}
