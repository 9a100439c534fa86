import type { Page } from 'playwright-core';
import { usePages } from './browser';
import { heading, newPassword, password, phone } from './people';

const { service, open, go, linkTo } = usePages();

/** Presses Tab until something with that name has the focus, as somebody without a mouse does. */
async function tabTo(page: Page, name: string | RegExp): Promise<void> {
  for (let steps = 0; steps < 40; steps += 1) {
    await page.keyboard.press('Tab');
    const focused = await page.evaluate(() => {
      const element = document.activeElement;
      if (!(element instanceof HTMLElement)) return { name: '', outline: '' };
      const labels = element instanceof HTMLInputElement ? [...(element.labels ?? [])] : [];
      const texts = labels.length > 0 ? labels : [element];
      const named = element.ariaLabel ?? texts.map(({ textContent }) => textContent.trim()).join(' ');
      return { name: named, outline: getComputedStyle(element).outlineStyle };
    });
    if (typeof name === 'string' ? focused.name === name : name.test(focused.name)) {
      expect(focused.outline).not.toBe('none');
      return;
    }
  }
  throw new Error(`Tab does not lead to ${String(name)}`);
}

async function type(page: Page, name: string, text: string): Promise<void> {
  await tabTo(page, name);
  await page.keyboard.type(text);
}

it('a whole life goes by keyboard alone, from an empty database to a closed account', async () => {
  const email = 'keys@example.com';
  const page = await open();
  await go(page, '/');
  await heading(page, 'Sign in');
  await tabTo(page, 'Create an account');
  await page.keyboard.press('Enter');
  await heading(page, 'Create an account');
  await tabTo(page, 'Skip to the content');
  await page.keyboard.press('Enter');
  await type(page, 'Name (optional)', 'Kay');
  await type(page, 'E-mail address', 'no address');
  await type(page, 'Password', password);
  await tabTo(page, 'Show');
  await page.keyboard.press('Space');
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Enter');
  // The focus is on the field that was refused.
  await page.getByText('Enter an e-mail address').waitFor();
  await page.keyboard.press('ControlOrMeta+A');
  await page.keyboard.type(email);
  await page.keyboard.press('Enter');
  await heading(page, 'Your account');

  await go(page, await linkTo(email));
  await heading(page, 'Verify your e-mail address');
  await tabTo(page, 'Verify my address');
  await page.keyboard.press('Enter');
  await heading(page, 'Your address is verified');
  await tabTo(page, 'Go to your account');
  await page.keyboard.press('Enter');
  await heading(page, 'Your account');

  await service
    .browser()
    .post('/api/users/signin')
    .set('User-Agent', phone)
    .send({ email, password })
    .expect(200);
  service.advance(700);
  await page.reload();
  await page.getByText('Safari on an iPhone').first().waitFor();
  await tabTo(page, /^Sign out: Safari/);
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.reload();
  await page.getByText('Safari on an iPhone').first().waitFor();
  await tabTo(page, /^Sign out: Safari/);
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.type(password);
  await page.keyboard.press('Enter');
  await page.getByText('It is signed out.').waitFor();

  await tabTo(page, 'Close my account');
  await page.keyboard.press('Enter');
  await type(page, 'Current password', password);
  await page.keyboard.press('Enter');
  await page.getByText('Your account is closed.').waitFor();
  expect(await service.users.exists({ email })).toBeNull();
});

it('a forgotten password is replaced by keyboard alone', async () => {
  const email = 'forgot@example.com';
  await service.signedUp(email);
  const page = await open();
  await go(page, '/signin');
  await heading(page, 'Sign in');
  await tabTo(page, 'Forgot your password?');
  await page.keyboard.press('Enter');
  await heading(page, 'Forgot your password?');
  await type(page, 'E-mail address', email);
  await page.keyboard.press('Enter');
  await heading(page, 'Check your mail');
  await go(page, await linkTo(email, 'Reset'));
  await heading(page, 'Set a new password');
  await type(page, 'New password', newPassword);
  await page.keyboard.press('Enter');
  await page.getByText('Your new password is set.').waitFor();
  await type(page, 'E-mail address', email);
  await type(page, 'Password', newPassword);
  await page.keyboard.press('Enter');
  await heading(page, 'Your account');
});

it('an admin finds and deletes a user by keyboard alone', async () => {
  await service.signedUpAdmin('key-admin@example.com');
  await service.signedUp('key-user@example.com');
  const page = await open();
  await go(page, '/admin');
  await heading(page, 'Sign in as an admin');
  await tabTo(page, 'Sign in');
  await page.keyboard.press('Enter');
  await heading(page, 'Sign in');
  await type(page, 'E-mail address', 'key-admin@example.com');
  await type(page, 'Password', password);
  await page.keyboard.press('Enter');
  await heading(page, 'Users');
  await type(page, 'E-mail address begins with', 'key-user');
  await page.keyboard.press('Enter');
  await page.waitForURL(/email=key-user/);
  await heading(page, 'Users');
  await page.getByRole('link', { name: 'key-user@example.com' }).waitFor();
  await tabTo(page, 'key-user@example.com');
  await page.keyboard.press('Enter');
  await heading(page, 'key-user@example.com');
  await tabTo(page, 'Disable');
  await page.keyboard.press('Space');
  await page.getByText('Changed.').waitFor();
  await tabTo(page, 'Delete');
  await page.keyboard.press('Enter');
  // The focus is on what does no harm.
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await tabTo(page, 'Delete');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  await tabTo(page, 'Delete for good');
  await page.keyboard.press('Enter');
  await page.getByText('The account is deleted.').waitFor();
  expect(await service.users.exists({ email: 'key-user@example.com' })).toBeNull();
});
