import type { Page } from 'playwright-core';

export const password = 'correct horse battery';
export const newPassword = 'a staple of another kind';

export const phone =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1';
export const desktop = 'Mozilla/5.0 (X11; Linux x64; rv:140.0) Gecko/20100101 Firefox/140.0';

/** Waits until the page has that first heading. */
export const heading = (page: Page, name: string): Promise<void> =>
  page.getByRole('heading', { level: 1, name, exact: true }).waitFor();

export const press = (page: Page, name: string): Promise<void> =>
  page.getByRole('button', { name, exact: true }).click();

export const field = (page: Page, label: string) => page.getByLabel(label, { exact: true });

export async function fillSignIn(page: Page, email: string, secret = password): Promise<void> {
  await field(page, 'E-mail address').fill(email);
  await field(page, 'Password').fill(secret);
  await press(page, 'Sign in');
}

export async function fillSignUp(page: Page, email: string): Promise<void> {
  await field(page, 'E-mail address').fill(email);
  await field(page, 'Password').fill(password);
  await press(page, 'Create account');
}
