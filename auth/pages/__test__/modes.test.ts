import { usePages, type TestBrowser } from './browser';
import { field, fillSignIn, fillSignUp, heading, newPassword, password, press } from './people';

describe('SIGNUP_MODE=verify-first', () => {
  const { open, go, linkTo, check }: TestBrowser = usePages({ signupMode: 'verify-first' });

  it('asks for the address alone, and for the password with the link', async () => {
    const email = 'first@example.com';
    const page = await open();
    await go(page, '/signup');
    await heading(page, 'Create an account');
    expect(await field(page, 'Password').isVisible()).toBe(false);
    await check(page, 'signup-verify-first');
    await field(page, 'E-mail address').fill(email);
    await press(page, 'Create account');
    await heading(page, 'Check your mail');
    await page.getByText(email).waitFor();
    await check(page, 'signup-sent');
    await go(page, await linkTo(email));
    await heading(page, 'Open your account');
    await press(page, 'Open my account');
    await field(page, 'New password').fill('short');
    await press(page, 'Open my account');
    await page.getByText('Use at least 8').waitFor();
    await field(page, 'New password').fill(newPassword);
    expect(await page.getByText('Use at least 8').count()).toBe(0);
    await check(page, 'open-account');
    await press(page, 'Open my account');
    await heading(page, 'Your account is open');
    await page.getByText(email).waitFor();
    await check(page, 'account-open');
    await press(page, 'Sign in to this account');
    await heading(page, 'Your account');
  });
});

describe('REQUIRE_VERIFIED_EMAIL=true', () => {
  const { open, go, linkTo } = usePages({ requireVerifiedEmail: true });

  it('sends people to their mail after sign-up, and at a sign-in too early', async () => {
    const email = 'must@example.com';
    const page = await open();
    await go(page, '/signup');
    await fillSignUp(page, email);
    await heading(page, 'Check your mail');
    await linkTo(email);
    await go(page, '/signin');
    await fillSignIn(page, email);
    await page.getByText('is not verified yet').waitFor();
    await go(page, await linkTo(email));
    await press(page, 'Verify my address');
    await field(page, 'Password').fill(password);
    await press(page, 'Verify my address');
    await press(page, 'Sign in to this account');
    await heading(page, 'Your account');
  });
});

describe('MAIL=off', () => {
  const { open, go, check } = usePages({ mailing: 'off', closedAccountSeconds: 0 });

  it('offers nothing that needs a mail', async () => {
    const page = await open();
    await go(page, '/signup');
    await fillSignUp(page, 'off@example.com');
    await heading(page, 'Your account');
    expect(await page.getByText('Change the address').first().isVisible()).toBe(false);
    expect(await page.getByText('Send the mail again').isVisible()).toBe(false);
    await check(page, 'account-without-mail');
    await go(page, '/account#close');
    await page.getByText('Nothing brings it back.').waitFor();
    await page.locator('#close-account').getByLabel('Current password').fill(password);
    await page.locator('#close-account').getByRole('button', { name: 'Close my account' }).click();
    await page.getByText('Your account is closed.').waitFor();
    expect(await page.getByText('Forgot your password?').isVisible()).toBe(false);
  });
});

describe('PASSWORD_PROFILE=strict', () => {
  const { open, go, check } = usePages({ passwordProfile: 'strict' });

  it('says while the password is typed which rule it breaks, and what only a list knows when it is sent', async () => {
    const page = await open();
    await go(page, '/signup');
    const hint = page.locator('#password-hint');
    await hint.getByText('At least 12 characters.').waitFor();
    await field(page, 'Password').fill('ten letter');
    await hint.getByText('2 more characters needed.').waitFor();
    await field(page, 'Password').fill('Lovelace-1815!');
    await hint.getByText('Long enough.').waitFor();
    await field(page, 'E-mail address').fill(' Ada.Lovelace@example.com');
    await hint.getByText('too similar to your e-mail address').waitFor();
    await check(page, 'signup-similar');
    await field(page, 'Password').fill('Ticketing-2026');
    await hint.getByText('or to our name').waitFor();
    await field(page, 'Password').fill('aaaaaaaaaaaa11');
    await hint.getByText('Many people use this password').waitFor();
    await field(page, 'Password').fill('x'.repeat(129));
    await hint.getByText('at most 128 characters').waitFor();
    await field(page, 'Password').fill('passwordpassword');
    await hint.getByText('We check that it is not a common one when you send it.').waitFor();
    await check(page, 'signup-long-enough');
    await press(page, 'Create account');
    await page.locator('#password-error').getByText('Many people use this password').waitFor();
  });

  it('knows the address of whoever is signed in', async () => {
    const page = await open();
    await go(page, '/signup');
    await fillSignUp(page, 'grace.hopper@example.com');
    await heading(page, 'Your account');
    await page.getByText('Change the password', { exact: true }).first().click();
    await field(page, 'New password').fill('Hopper-1906!!');
    await page.locator('#new-password-hint').getByText('too similar to your e-mail address').waitFor();
  });

  it('tells those who hear the page once they pause, and not at every key', async () => {
    const page = await open();
    await page.clock.install();
    await go(page, '/signup');
    await field(page, 'Password').waitFor();
    await page.clock.pauseAt(Date.now() + 60_000);
    const spoken = (): Promise<string | null> => page.locator('.field [role=status]').textContent();
    for (const key of 'correct horse') {
      await field(page, 'Password').press(key === ' ' ? 'Space' : key);
      await page.clock.runFor(900);
      expect(await spoken()).toBe('');
    }
    await page.clock.runFor(100);
    expect(await spoken()).toBe('Long enough. We check that it is not a common one when you send it.');
    await field(page, 'Password').fill('short');
    await page.locator('#password-hint').getByText('7 more characters needed.').waitFor();
    expect(await spoken()).toMatch(/^Long enough/);
    await page.clock.runFor(1000);
    expect(await spoken()).toBe('7 more characters needed.');
    await field(page, 'Password').fill('');
    await page.clock.runFor(1000);
    expect(await spoken()).toBe('');
  });
});
