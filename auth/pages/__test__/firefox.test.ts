import { usePages } from './browser';
import { firefoxPath, launchFirefox } from './firefox';
import { field, fillSignIn, fillSignUp, heading, password, press } from './people';

const path = firefoxPath();
const [block, skipped] =
  path === undefined ? [describe.skip, ' (skipped: no Firefox, install it or set FIREFOX)'] : [describe, ''];

block(`in Firefox${skipped}`, () => {
  const { open, go, linkTo } = usePages({}, {}, () => launchFirefox(path ?? ''));

  it('a person signs up, verifies the address, signs in elsewhere, ends that session, and signs out', async () => {
    const email = 'fox@example.com';
    const page = await open();
    await go(page, '/');
    await heading(page, 'Sign in');
    await page.getByRole('link', { name: 'Create an account' }).click();
    await fillSignUp(page, email);
    await heading(page, 'Your account');

    await go(page, await linkTo(email));
    await heading(page, 'Verify your e-mail address');
    expect(page.url()).not.toContain('token');
    await press(page, 'Verify my address');
    await heading(page, 'Your address is verified');

    const other = await open();
    await go(other, '/account');
    await heading(other, 'Sign in');
    await fillSignIn(other, email, 'not the password');
    await other.getByText('is wrong').waitFor();
    // The address is kept.
    await field(other, 'Password').fill(password);
    await press(other, 'Sign in');
    await heading(other, 'Your account');

    await page.getByRole('link', { name: 'Go to your account' }).click();
    await page.getByText('Verified', { exact: true }).waitFor();
    await page.getByText('Firefox on Linux').first().waitFor();
    await page.getByRole('button', { name: /^Sign out: / }).click();
    await page.getByText('It is signed out.').waitFor();
    await press(other, 'Save');
    await other.getByText('your session has ended').waitFor();
    await press(page, 'Sign out');
    await page.getByText('You are signed out.').waitFor();
  });
});
