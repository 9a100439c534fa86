import path from 'node:path';
import { mkdirSync } from 'node:fs';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { buildPages } from '../../dev/pages/build-pages';
import type { PageSettings } from '../../src/pages/document-cache';
import { useService, type TestService } from '../../src/test/service';
import { overflow, violations } from './checks';
import { chromiumPath } from './chromium';

const screenshots = path.resolve(__dirname, '../../coverage/pages');
/** Each state is looked at in the light on a desktop, and in the dark on the narrowest phone. */
const looks = [
  ['light', 1280],
  ['dark', 320],
] as const;
// They end early. A machine that is busy may need long.
const waitMs = 30_000;

export interface TestBrowser {
  service: TestService;
  /** A browser of its own: no cookie is shared with another. */
  open: (options?: BrowserContextOptions) => Promise<Page>;
  /** Another tab of the same browser. */
  tab: (page: Page) => Promise<Page>;
  /** Goes to a path of the service, or to the link of a mail. */
  go: (page: Page, to: string) => Promise<void>;
  /** The link in the next mail to that address. */
  linkTo: (email: string, subject?: string) => Promise<string>;
  /** What browsers have complained of: violations of the CSP, and errors of scripts. A test that causes them takes them out. */
  complaints: string[];
  /** Checks a state of a page with axe, in the light and wide, and in the dark and narrow, and keeps pictures. */
  check: (page: Page, name: string) => Promise<void>;
}

type Options = NonNullable<Parameters<typeof useService>[0]>;

/** The real service with its pages, and a browser, for the tests of one file. Finally no page has broken its CSP. */
export function usePages(options: Options = {}, settings: Partial<PageSettings> = {}): TestBrowser {
  let files: Awaited<ReturnType<typeof buildPages>>;
  const { signupMode = 'open', closedAccountSeconds = 604_800, passwordProfile, mailing } = options;
  const service = useService({
    ...options,
    pages: {
      source: () => files,
      settings: {
        productName: 'ticketing',
        mail: mailing !== 'off',
        signupMode,
        passwordMinCharacters: passwordProfile === 'strict' ? 12 : 8,
        closedAccountSeconds: mailing === 'off' ? 0 : closedAccountSeconds,
        ...settings,
      },
    },
  });
  let browser: Browser;
  const complaints: string[] = [];
  beforeAll(async () => {
    files = await buildPages();
    mkdirSync(screenshots, { recursive: true });
    browser = await chromium.launch({
      executablePath: chromiumPath(),
      // Without a sandbox, which needs rights that a container may not give.
      args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
      timeout: 60_000,
    });
  });
  afterAll(async () => {
    await browser.close();
    expect(complaints).toEqual([]);
  });

  const watch = (page: Page): Page => {
    page.setDefaultTimeout(waitMs);
    page.on('console', (message) => {
      if (/Content Security Policy|Trusted/i.test(message.text())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    return page;
  };
  return {
    service,
    complaints,
    open: async (contextOptions) => {
      const context = await browser.newContext({ locale: 'en-GB', timezoneId: 'UTC', ...contextOptions });
      return watch(await context.newPage());
    },
    tab: async (page) => watch(await page.context().newPage()),
    go: async (page, to) => {
      await page.goto(
        new URL(new URL(to, service.url).href.replace(/^https?:\/\/[^/]+/, ''), service.url).href,
      );
    },
    linkTo: async (email, subject) => (await service.mailTo(email, subject)).link ?? '',
    check: async (page, name) => {
      const before = page.viewportSize();
      for (const [colorScheme, width] of looks) {
        await page.setViewportSize({ width, height: 720 });
        // Without the transitions, in which colours are mixed for a moment.
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        const found = { violations: await violations(page), overflow: await overflow(page) };
        expect({ name, colorScheme, ...found }).toEqual({ name, colorScheme, violations: [], overflow: 0 });
        await page.screenshot({ path: path.join(screenshots, `${name}-${colorScheme}.png`), fullPage: true });
      }
      if (before) await page.setViewportSize(before);
      await page.emulateMedia({ colorScheme: 'light', reducedMotion: null });
    },
  };
}
