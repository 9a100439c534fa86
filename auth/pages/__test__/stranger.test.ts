import type { Browser } from 'playwright-core';
import { ports, useDev } from '../../dev/__test__/run';
import { launchChromium } from './chromium';
import { field, fillSignIn, fillSignUp, heading, phone } from './people';

const { dev } = useDev();
let browser: Browser;

beforeAll(async () => {
  browser = await launchChromium();
});

afterAll(async () => {
  await browser.close();
});

it('a stranger follows the first line of the README, and gets from sign-up over the mail to a second session ended', async () => {
  const running = dev({ ...(await ports()), MONGO_DATA: 'temporary' });
  const [, address = ''] = /^dev: ready: (\S+)$/.exec(await running.line(/^dev: ready/)) ?? [];
  const [, inbox = ''] = /^dev: inbox: (\S+)$/.exec(await running.line(/^dev: inbox/)) ?? [];
  const context = await browser.newContext();
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  await page.goto(address);
  await heading(page, 'Sign in');
  await page.getByRole('link', { name: 'Create an account' }).click();
  await fillSignUp(page, 'stranger@example.com');
  await heading(page, 'Your account');

  const mails = await context.newPage();
  await mails.goto(inbox);
  const opened = context.waitForEvent('page');
  await mails.frameLocator('iframe').getByRole('link', { name: 'Verify my address' }).click();
  const verifying = await opened;
  await verifying.getByRole('button', { name: 'Verify my address' }).click();
  await heading(verifying, 'Your address is verified');

  const other = await (await browser.newContext({ userAgent: phone })).newPage();
  await other.goto(address);
  await field(other, 'Password').waitFor();
  await fillSignIn(other, 'stranger@example.com');
  await heading(other, 'Your account');

  await verifying.getByRole('link', { name: 'Go to your account' }).click();
  await verifying.getByText('Verified', { exact: true }).waitFor();
  await verifying.getByRole('button', { name: 'Sign out: Safari on an iPhone' }).click();
  await verifying.getByText('It is signed out.').waitFor();
  await other.reload();
  await heading(other, 'Sign in');
});
