import type { Page } from 'playwright-core';
import { usePages } from './browser';
import { ownLink } from './links';
import { field, fillSignIn, heading, newPassword, password, press } from './people';

const { service, open, go, check } = usePages();

/** A page on which the question who is signed in gets no answer yet. */
async function openWaiting(): Promise<Page> {
  const page = await open();
  await page.route('**/api/users/currentuser', () => undefined);
  return page;
}

describe('a page that no journey stays on', () => {
  it.each([
    ['/', 'Welcome', 'home'],
    ['/account', 'Loading …', 'account-loading'],
    ['/admin', 'Loading …', 'admin-loading'],
    ['/email-verification?for=verification#token=t', 'Link from your mail', 'link-loading'],
  ])('%s is accessible while it loads', async (path, title, name) => {
    const page = await openWaiting();
    await go(page, path);
    await heading(page, title);
    await check(page, name);
  });

  it.each(['/nothing', '/account/nothing'])('%s is not found, and leads to the first page', async (path) => {
    const page = await open();
    await go(page, path);
    await heading(page, 'Page not found');
    await check(page, 'not-found');
    await page.getByRole('link', { name: 'Go to the first page' }).click();
    await heading(page, 'Sign in');
  });
});

describe('a notice on sign-in', () => {
  it.each([
    ['ended', 'your session has ended'],
    ['signed-out', 'You are signed out.'],
    ['closed', 'Your account is closed.'],
    ['password-set', 'Your new password is set.'],
  ])('for %s is accessible', async (reason, text) => {
    const page = await open();
    await go(page, `/signin?reason=${reason}`);
    await page.getByRole('status').getByText(text).waitFor();
    await check(page, `signin-${reason}`);
  });

  it('is none for a reason that is unknown', async () => {
    const page = await open();
    await go(page, '/signin?reason=constructor');
    await field(page, 'E-mail address').waitFor();
    expect(await page.getByRole('status').count()).toBe(0);
  });

  it('that the browser keeps no cookies is accessible', async () => {
    const page = await open();
    await page.addInitScript(() => {
      Object.defineProperty(navigator, 'cookieEnabled', { value: false });
    });
    await go(page, '/signin');
    await page.getByRole('alert').getByText('Your browser keeps no cookies').waitFor();
    await check(page, 'signin-no-cookies');
  });
});

describe('the page of a link', () => {
  it('says without a token what to do', async () => {
    const page = await open();
    await go(page, '/email-verification');
    await heading(page, 'Open the link from your mail');
    await check(page, 'link-none');
  });

  it('says for a purpose that it does not know to read the mail, and that the link does not work', async () => {
    const page = await open();
    await go(page, '/email-verification?for=something#token=unknown');
    await heading(page, 'Use the link from your mail');
    await check(page, 'link-unknown');
    await press(page, 'Go on');
    await heading(page, 'This link does not work');
    await check(page, 'link-unusable');
  });

  it('asks for the password of the account, or for that of another account than the one signed in', async () => {
    const { token } = await ownLink(service, 'verification');
    const path = `/email-verification?for=verification#token=${token}`;
    const page = await open();
    await go(page, path);
    await press(page, 'Verify my address');
    await field(page, 'Password').waitFor();
    await check(page, 'link-password');

    await service.signedUp('other@example.com');
    await go(page, '/signin');
    await fillSignIn(page, 'other@example.com');
    await heading(page, 'Your account');
    await go(page, path);
    await press(page, 'Verify my address');
    await page.getByText('for another account than').waitFor();
    await check(page, 'link-other-account');
    await field(page, 'Password').fill(password);
    await press(page, 'Verify my address');
    await heading(page, 'Your address is verified');
    await check(page, 'link-other-account-done');

    const reset = await ownLink(service, 'password-reset');
    await go(page, `/password-reset#token=${reset.token}`);
    await page.getByText('You are signed in as').waitFor();
    await check(page, 'password-new-signed-in');
    await field(page, 'New password').fill(newPassword);
    await press(page, 'Set the password');
    await heading(page, 'The password is set');
    await check(page, 'password-set-for-other');
  });
});

it('a name and an address that are as long as can be are not cut off', async () => {
  const email = `${'a'.repeat(64)}@${'b'.repeat(60)}.${'c'.repeat(60)}.example.com`;
  const browser = await service.signedUp(email);
  const { body } = await browser.get('/api/users/currentuser');
  const { version } = body.currentUser;
  await browser
    .patch('/api/users/me')
    .send({ name: 'W'.repeat(100), version })
    .expect(200);
  await service.users.updateOne({ email }, { role: 'admin' });
  const page = await open();
  await go(page, '/signin?next=/admin?email=aaa');
  await fillSignIn(page, email);
  await page.getByRole('link', { name: email }).waitFor();
  await check(page, 'admin-long');
  await page.getByRole('link', { name: email }).click();
  await heading(page, `${email} (This is you)`);
  await check(page, 'admin-user-long');
  await go(page, '/account');
  await heading(page, 'Your account');
  await check(page, 'account-long');
});
