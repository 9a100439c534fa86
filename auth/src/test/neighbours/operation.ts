import { randomUUID } from 'node:crypto';
import { Browser, type Site } from './browser';

export interface Account {
  email: string;
  password: string;
}

export interface OperationContext {
  /** Where it begins, and where it is finished. */
  first: Site;
  second: Site;
  /** An account that nobody else uses meanwhile. An operation may change it. */
  account: Account;
  admin: Browser;
  /** The same session with a JWT that was signed so many seconds earlier. */
  aged: (browser: Browser, seconds: number) => Browser;
  /** Waits for the mail, takes it out of the inbox, and returns the token of its link. */
  tokenTo: (email: string, subject: string) => Promise<string>;
}

/** What people do, in part at one process and in part at another. It takes every mail that it causes. */
export type Operation = (context: OperationContext) => Promise<void>;

/** Ages of a JWT: in the second half of its life, and expired. */
export const late = 600;
export const expired = 1000;

export const nobody = new Browser();
export const newPassword = (): string => `password ${randomUUID()}`;
export const newEmail = (): string => `${randomUUID()}@example.com`;

export async function signIn(site: Site, account: Account): Promise<Browser> {
  const browser = new Browser();
  await browser.ask(site, 'POST /signin', 200, account);
  return browser;
}

/** Signs a new account up. Returns the token of its verification link too. */
export async function signUp(site: Site, tokenTo: OperationContext['tokenTo']) {
  const account = { email: newEmail(), password: newPassword() };
  const browser = new Browser();
  const { id } = await browser.ask(site, 'POST /signup', 201, account);
  return { id, account, browser, verification: await tokenTo(account.email, 'Verify') };
}

/** Asks for a reset link, and returns its token. */
export async function resetLink(site: Site, { account, tokenTo }: OperationContext): Promise<string> {
  await nobody.ask(site, 'POST /password-reset', 202, account);
  return tokenTo(account.email, 'Reset');
}

/** Sets another password by a reset link. */
export async function reset(
  site: Site,
  token: string,
  { account, tokenTo }: OperationContext,
): Promise<void> {
  const password = newPassword();
  await nobody.ask(site, 'POST /password-reset/confirm', 204, { token, password });
  await tokenTo(account.email, 'password was changed');
  account.password = password;
}
