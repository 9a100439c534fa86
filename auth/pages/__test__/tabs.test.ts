import { usePages } from './browser';
import { field, fillSignIn, fillSignUp, heading, password, press } from './people';

const { service, open, tab, go, linkTo } = usePages();

describe('two tabs of one browser', () => {
  it('leave the account together', async () => {
    const page = await open();
    await go(page, '/signup');
    await fillSignUp(page, 'tabs@example.com');
    await heading(page, 'Your account');
    const second = await tab(page);
    await go(second, '/account');
    await heading(second, 'Your account');
    // A page before this one, to which Back leads.
    await go(page, '/admin');
    await heading(page, 'This page is for admins');
    await go(page, '/account');
    await heading(page, 'Your account');
    await press(page, 'Sign out');
    await second.getByText('You are signed out.').waitFor();
    await page.getByText('You are signed out.').waitFor();

    await page.goBack();
    await heading(page, 'Sign in as an admin');
    expect(await page.getByRole('button', { name: 'Sign out' }).count()).toBe(0);

    await go(page, '/signin');
    await fillSignIn(page, 'tabs@example.com');
    await heading(page, 'Your account');
    await heading(second, 'Your account');
  });

  it('leave an account whose session has ended elsewhere, and show the next one that signs in', async () => {
    await service.signedUp('next-account@example.com');
    const page = await open();
    await go(page, '/signup');
    await fillSignUp(page, 'former-account@example.com');
    await heading(page, 'Your account');
    const second = await tab(page);
    await go(second, '/account');
    await second.getByText('former-account@example.com').waitFor();
    const { _id } = await service.users.findOne({ email: 'former-account@example.com' }).lean().orFail();
    await service.users.updateOne({ _id }, { $inc: { generation: 1 } });
    await press(page, 'Save');
    await page.getByText('your session has ended').waitFor();
    await heading(second, 'Sign in');
    await fillSignIn(page, 'next-account@example.com');
    await second.getByText('next-account@example.com').waitFor();
  });

  it('show the account that has signed in since, where one of them has missed that the other one left', async () => {
    await service.signedUp('missed-next@example.com');
    const page = await open();
    await go(page, '/signup');
    await fillSignUp(page, 'missed@example.com');
    await heading(page, 'Your account');
    const second = await tab(page);
    await go(second, '/account');
    await second.evaluate(() => fetch('/api/users/signout', { method: 'POST' }));
    await go(second, '/signin');
    await page.getByText('missed@example.com').waitFor();
    await fillSignIn(second, 'missed-next@example.com');
    await page.getByText('missed-next@example.com').waitFor();
    expect(await page.getByText('missed@example.com', { exact: true }).count()).toBe(0);
  });

  it('keep nothing of the session where a script can read it', async () => {
    const page = await open();
    await go(page, '/signup');
    await fillSignUp(page, 'kept@example.com');
    await heading(page, 'Your account');
    const kept = await page.evaluate(() => ({
      local: localStorage.length,
      session: sessionStorage.length,
      cookie: document.cookie,
      state: history.state as unknown,
    }));
    expect(kept).toEqual({ local: 0, session: 0, cookie: '', state: null });
  });
});

describe('two browsers', () => {
  it('are told apart: the password changed in one signs the other out at its next step', async () => {
    const page = await open();
    const other = await open();
    await go(page, '/signup');
    await fillSignUp(page, 'two@example.com');
    await heading(page, 'Your account');
    await go(other, '/signin');
    await fillSignIn(other, 'two@example.com');
    await heading(other, 'Your account');
    await go(page, '/account#password');
    await heading(page, 'Your account');
    const form = page.locator('#change-password');
    await form.getByLabel('Current password').fill(password);
    await form.getByLabel('New password').fill('another password');
    await form.getByRole('button', { name: 'Change the password' }).click();
    await page.getByText('Your password is changed.').waitFor();
    await press(other, 'Save');
    await other.getByText('your session has ended').waitFor();
    await fillSignIn(other, 'two@example.com', 'another password');
    await heading(other, 'Your account');
  });

  it('ask for the password where it was given long ago, and go on with what was asked for', async () => {
    const email = 'fresh@example.com';
    const page = await open();
    const other = await open();
    await go(page, '/signup');
    await fillSignUp(page, email);
    await heading(page, 'Your account');
    await go(other, '/signin');
    await fillSignIn(other, email);
    await heading(other, 'Your account');
    service.advance(700);
    await page.reload();
    const end = page.getByRole('button', { name: /^Sign out: / });
    await end.click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await end.waitFor();
    await end.click();
    await dialog.getByLabel('Current password').fill('wrong password');
    await dialog.getByRole('button', { name: 'Confirm' }).click();
    await dialog.getByText('is wrong').waitFor();
    await dialog.getByLabel('Current password').fill(password);
    await dialog.getByRole('button', { name: 'Confirm' }).click();
    await page.getByText('It is signed out.').waitFor();
  });
});

describe('the link of a mail', () => {
  it('is used by its button alone: opening it twice, a reload and Back do nothing', async () => {
    const email = 'link@example.com';
    const owner = await open();
    await go(owner, '/signup');
    await fillSignUp(owner, email);
    await heading(owner, 'Your account');
    const link = await linkTo(email);
    const isVerified = async (): Promise<boolean> =>
      (await service.users.findOne({ email }).lean())?.emailVerified ?? false;

    const scanner = await open();
    await go(scanner, link);
    await heading(scanner, 'Verify your e-mail address');
    await go(owner, link);
    await heading(owner, 'Verify your e-mail address');
    expect(owner.url()).not.toContain('token');
    await owner.reload();
    await heading(owner, 'Open the link from your mail');
    expect(await isVerified()).toBe(false);
    await go(owner, link);
    await press(owner, 'Verify my address');
    await heading(owner, 'Your address is verified');
    expect(await isVerified()).toBe(true);
    await owner.goBack();
    expect(owner.url()).not.toContain('token');
  });

  it('works in the browser in which nobody is signed in, with the password', async () => {
    const email = 'elsewhere@example.com';
    await service.signedUp(email);
    const page = await open();
    await go(page, await linkTo(email));
    await press(page, 'Verify my address');
    await field(page, 'Password').fill('wrong');
    await press(page, 'Verify my address');
    await page.getByText('is wrong').waitFor();
    await field(page, 'Password').fill(password);
    await press(page, 'Verify my address');
    await heading(page, 'Your address is verified');
    await press(page, 'Sign in to this account');
    await page.getByText('Verified', { exact: true }).waitFor();
  });

  it('of an earlier version, which does not say what it is for, asks for what it needs', async () => {
    const email = 'earlier@example.com';
    await service.signedUp(email);
    const page = await open();
    await go(page, (await linkTo(email)).replace('?for=verification', ''));
    await heading(page, 'Use the link from your mail');
    await press(page, 'Go on');
    await field(page, 'Password').fill(password);
    await press(page, 'Go on');
    await heading(page, 'Done');
  });
});

describe('?next=', () => {
  it.each([
    ['/account#password', '/account#password'],
    ['/admin?role=admin', '/admin?role=admin'],
    ['https://evil.example/', '/account'],
    ['//evil.example/', '/account'],
    ['/\\evil.example', '/account'],
    ['/\t/evil.example', '/account'],
    ['/.//evil.example', '//evil.example'],
    ['javascript:alert(1)', '/account'],
    ['data:text/html,x', '/account'],
    ['@evil.example', '/account'],
    ['', '/account'],
  ])('%j leads to a page of the same origin', async (next, path) => {
    const page = await open();
    const email = `next-${String(Math.random()).slice(2)}@example.com`;
    await service.signedUp(email);
    await go(page, `/signin?next=${encodeURIComponent(next)}`);
    await fillSignIn(page, email);
    await page.waitForURL((url) => url.pathname !== '/signin');
    expect(page.url()).toBe(service.url + path);
  });
});
