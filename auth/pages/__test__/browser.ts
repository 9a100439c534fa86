import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { buildPages } from '../../dev/pages/build-pages';
import type { PageSettings } from '../../src/pages/document-cache';
import { useService, type TestService } from '../../src/test/service';
import { checkPage } from './check-page';
import { launchChromium } from './chromium';

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
  /** Checks a state of a page, and keeps pictures of it under that name. */
  check: (page: Page, name: string) => Promise<void>;
}

type Options = NonNullable<Parameters<typeof useService>[0]>;

/** The real service with its pages, and a browser, for the tests of one file. Finally no page has broken its CSP. */
export function usePages(
  options: Options = {},
  settings: Partial<PageSettings> = {},
  launch: () => Promise<Browser> = launchChromium,
): TestBrowser {
  let files: Awaited<ReturnType<typeof buildPages>>;
  const {
    signupMode = 'open',
    closedAccountSeconds = 604_800,
    passwordProfile = 'default',
    mailing,
  } = options;
  const service = useService({
    ...options,
    pages: {
      source: () => files,
      settings: {
        productName: 'ticketing',
        mail: mailing !== 'off',
        signupMode,
        passwordProfile,
        closedAccountSeconds: mailing === 'off' ? 0 : closedAccountSeconds,
        ...settings,
      },
    },
  });
  let browser: Browser;
  const complaints: string[] = [];
  beforeAll(async () => {
    files = await buildPages();
    browser = await launch();
  });
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
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
    check: checkPage,
  };
}
