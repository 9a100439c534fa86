import { existsSync } from 'node:fs';
import { chromium, type Page } from 'playwright-core';
import type { Inbox } from './inbox';

/** The path of a Chromium on this machine; CHROMIUM names another one. */
export const chromiumPath = process.env['CHROMIUM'] ?? ['/usr/bin/chromium'].find((file) => existsSync(file));

const limitMs = 30_000;

/**
 * Signs up in a browser through the ingress, opens the link of the mail, verifies the address, and signs out.
 * @param base the address of the ingress controller, whose certificate may be self-signed
 * @param host the host of the pages, which need not resolve here
 */
export async function signUpInBrowser(
  base: URL,
  host: string,
  inbox: Inbox,
  newEmail: () => string,
): Promise<void> {
  const port = base.port === '' ? '443' : base.port;
  const browser = await chromium.launch({
    executablePath: chromiumPath ?? '',
    args: ['--no-sandbox', `--host-resolver-rules=MAP ${host}:443 ${base.hostname}:${port}`],
    timeout: limitMs,
  });
  try {
    await undisturbed(async (notice) => {
      const context = await browser.newContext({ ignoreHTTPSErrors: true });
      context.on('requestfailed', (request) => {
        notice(request.failure()?.errorText ?? '');
      });
      await walk(await context.newPage(), host, inbox, newEmail());
    });
  } finally {
    await browser.close();
  }
}

const maxTries = 8;

/** Begins anew where the machine's network has changed, which ends the browser's requests: a pod that starts changes it. */
async function undisturbed(work: (notice: (failure: string) => void) => Promise<void>): Promise<void> {
  for (let left = maxTries; ; left -= 1) {
    const failures: string[] = [];
    try {
      await work((failure) => failures.push(failure));
      return;
    } catch (error) {
      if (left === 1 || !failures.join().includes('ERR_NETWORK_CHANGED')) throw error;
    }
  }
}

async function walk(page: Page, host: string, inbox: Inbox, email: string): Promise<void> {
  page.setDefaultTimeout(limitMs);
  const heading = (name: string): Promise<void> => page.getByRole('heading', { level: 1, name }).waitFor();
  const press = (name: string): Promise<void> => page.getByRole('button', { name, exact: true }).click();

  await page.goto(`https://${host}/`);
  await heading('Sign in');
  await page.getByRole('link', { name: 'Create an account' }).click();
  await page.getByLabel('E-mail address').fill(email);
  await page.getByLabel('Password', { exact: true }).fill('correct horse battery staple');
  await press('Create account');
  await heading('Your account');

  const { link } = await inbox.take(email, 'Verify');
  await page.goto(link ?? '');
  await heading('Verify your e-mail address');
  await press('Verify my address');
  await heading('Your address is verified');
  await page.getByRole('link', { name: 'Go to your account' }).click();
  await page.getByText('Verified', { exact: true }).waitFor();
  await press('Sign out');
  await page.getByText('You are signed out.').waitFor();
}
