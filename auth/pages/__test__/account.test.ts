import type { Locator, Page } from 'playwright-core';
import { usePages } from './browser';
import { fillSignIn, fillSignUp, heading, newPassword, password, press } from './people';

const { service, open, tab, go, linkTo, check } = usePages();

async function signedUp(email: string): Promise<Page> {
  const page = await open();
  await go(page, '/signup');
  await fillSignUp(page, email);
  await heading(page, 'Your account');
  return page;
}

async function askFor(page: Page, address: string): Promise<void> {
  await page.getByText('Change the address', { exact: true }).first().click();
  const form = page.locator('#change-email');
  await form.getByLabel('New e-mail address').fill(address);
  await form.getByLabel('Current password').fill(password);
  await form.getByRole('button', { name: 'Change the address' }).click();
  await page.getByText('A mail is on its way.').waitFor();
}

/** A failure of the service, for as long as nothing takes it back. */
const fail = (page: Page, path: string, headers: Record<string, string> = {}) =>
  page.route(`**/api/users${path}`, (route) =>
    route.fulfill({
      status: 503,
      headers,
      body: '{"errors":[{"message":"Database not reachable","code":"database_unavailable"}]}',
    }),
  );

describe('the address that waits', () => {
  it('is named at once, after a reload and in another browser, until it is confirmed', async () => {
    const email = 'moving@example.com';
    const page = await signedUp(email);
    await askFor(page, 'moved@example.com');
    const waiting = 'link that we sent to moved@example.com';
    await page.getByText(waiting).waitFor();
    await page.getByText('The link works until').waitFor();
    await check(page, 'account-asked');
    await page.reload();
    await page.getByText(waiting).waitFor();
    const other = await open();
    await go(other, '/signin');
    await fillSignIn(other, email);
    await other.getByText(waiting).waitFor();

    await askFor(page, 'elsewhere@example.com');
    await page.getByText('link that we sent to elsewhere@example.com').waitFor();
    expect(await page.getByText(waiting).count()).toBe(0);
    await go(other, await linkTo('elsewhere@example.com'));
    await press(other, 'Confirm the new address');
    await heading(other, 'Your address has changed');
    await page.reload();
    await page.getByText('elsewhere@example.com').first().waitFor();
    await page.getByText('This browser').waitFor();
    expect(await page.getByText('link that we sent').count()).toBe(0);
  });

  it('is named the same where another account has it', async () => {
    await service.signedUp('owner@example.com');
    const page = await signedUp('prober@example.com');
    await askFor(page, 'owner@example.com');
    await page.reload();
    await page.getByText('link that we sent to owner@example.com').waitFor();
    await page.getByText('The link works until').waitFor();
  });
});

describe('a part of the account page', () => {
  const parts: [string, string, string, (page: Page) => Locator][] = [
    ['the sessions', '/sessions', 'sessions-part', (page) => page.getByText('This browser')],
    ['the activity', '/me/activity?*', 'activity-part', (page) => page.getByText('Account created')],
    ['the address that waits', '/me/email', 'email-part', (page) => page.getByText('link that we sent to')],
  ];

  it.each(parts)('fails alone and is tried again alone: %s', async (_what, path, id, content) => {
    const page = await signedUp(`${id}@example.com`);
    await askFor(page, `${id}-next@example.com`);
    await page.clock.install();
    await fail(page, path, { 'Retry-After': '60' });
    await page.reload();
    const part = page.locator(`#${id}`);
    await part.getByText('can’t be used at the moment').waitFor();
    await part
      .getByText(/Try again in (?:1 minute|\d+ seconds)/)
      .first()
      .waitFor();
    const again = part.getByRole('button', { name: 'Try again' });
    expect(await again.getAttribute('aria-disabled')).toBe('true');
    for (const [, otherPath, , other] of parts) if (otherPath !== path) await other(page).waitFor();
    expect(await content(page).count()).toBe(0);
    expect(await part.getByText('Loading').isVisible()).toBe(false);
    await check(page, `account-without-${id}`);

    await page.clock.runFor(61_000);
    await part.getByText('You can try again now.').waitFor();
    await again.click();
    await part.getByText('can’t be used at the moment').waitFor();
    await page.unroute(`**/api/users${path}`);
    await page.clock.runFor(61_000);
    await part.getByText('You can try again now.').waitFor();
    await again.click();
    await content(page).waitFor();
    expect(await part.getByRole('alert').count()).toBe(0);
    expect(await again.count()).toBe(0);
    // The focus is not lost with the button.
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('H2');
  });

  it('says that it waits, while the rest can be used', async () => {
    const page = await signedUp('slow-part@example.com');
    let answer = (): void => undefined;
    await page.route('**/api/users/sessions', async (route) => {
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
      await route.continue();
    });
    await page.reload();
    const part = page.locator('#sessions-part');
    await part.getByText('Loading').waitFor();
    await page.getByText('Account created').waitFor();
    await part.getByText('Still waiting').waitFor();
    await check(page, 'account-waits');
    answer();
    await part.getByText('This browser').waitFor();
    expect(await part.getByText('Loading').isVisible()).toBe(false);
    expect(await part.getByText('Still waiting').count()).toBe(0);
  });

  it('does not make a password that is changed look as if it were not', async () => {
    const page = await signedUp('half@example.com');
    await page.getByText('This browser').waitFor();
    await fail(page, '/sessions');
    await page.getByText('Change the password', { exact: true }).first().click();
    const form = page.locator('#change-password');
    await form.getByLabel('Current password').fill(password);
    await form.getByLabel('New password').fill(newPassword);
    await form.getByRole('button', { name: 'Change the password' }).click();
    await page.getByText('Your password is changed.').waitFor();
    await page.locator('#sessions-part').getByText('can’t be used at the moment').waitFor();
    expect(await form.getByRole('alert').count()).toBe(0);
  });

  it('says beside its button that more could not be shown', async () => {
    const email = 'lively@example.com';
    const page = await signedUp(email);
    for (let times = 0; times < 12; times += 1)
      await service.browser().post('/api/users/signin').send({ email, password }).expect(200);
    await service.auditTrail.flush();
    await page.reload();
    await page.getByRole('button', { name: 'Show more' }).waitFor();
    await fail(page, '/me/activity?*');
    await press(page, 'Show more');
    await page.locator('#more-activity').getByText('can’t be used at the moment').waitFor();
    await page.unroute('**/api/users/me/activity?*');
    await press(page, 'Show more');
    await page.getByText('Account created').waitFor();
  });
});

describe('for password managers', () => {
  const usernamesIn = (page: Page, form: string) =>
    page.locator(`${form} input[autocomplete=username]`).evaluateAll((inputs) =>
      inputs.map((input) => {
        const { value, readOnly, tabIndex } = input as HTMLInputElement;
        const { width, height } = input.getBoundingClientRect();
        return { value, readOnly, tabIndex, isSeen: width > 1 || height > 1 };
      }),
    );
  const named = (value: string) => [{ value, readOnly: true, tabIndex: -1, isSeen: false }];
  const unknown = [{ value: '', readOnly: false, tabIndex: -1, isSeen: false }];

  it('each form of the account with a password says whose it is, and so does the dialog', async () => {
    const email = 'managed@example.com';
    const page = await signedUp(email);
    await service.browser().post('/api/users/signin').send({ email, password }).expect(200);
    for (const form of ['#change-email', '#change-password', '#close-account'])
      expect([form, await usernamesIn(page, form)]).toEqual([form, named(email)]);
    const withPassword = await page.locator('form:has(input[type=password])').count();
    expect(withPassword).toBe(3);

    service.advance(700);
    await page.reload();
    await page.getByRole('button', { name: /^Sign out: / }).click();
    const dialog = page.getByRole('dialog');
    await dialog.waitFor();
    expect(await usernamesIn(page, 'dialog')).toEqual(named(email));
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('confirm-password');
    await check(page, 'confirm-password-account');
  });

  it('keeps the address when a form is emptied', async () => {
    const email = 'emptied@example.com';
    const page = await signedUp(email);
    await askFor(page, 'emptied-next@example.com');
    expect(await usernamesIn(page, '#change-email')).toEqual(named(email));
  });

  it('a link that asks for the password leaves the address to the manager, and tells it once it is known', async () => {
    const email = 'unknown@example.com';
    await service.signedUp(email);
    const page = await open();
    await go(page, await linkTo(email));
    await press(page, 'Verify my address');
    await page.getByLabel('Password', { exact: true }).fill(password);
    expect(await usernamesIn(page, '#link')).toEqual(unknown);
    await check(page, 'verify-signed-out');
    await press(page, 'Verify my address');
    await heading(page, 'Your address is verified');
    expect((await usernamesIn(page, '#link')).map(({ value }) => value)).toEqual([email]);
  });

  it('a link that sets a new password leaves the address to the manager', async () => {
    const email = 'resets@example.com';
    await service.signedUp(email);
    await service.api().post('/api/users/password-reset').send({ email }).expect(202);
    const page = await open();
    await go(page, await linkTo(email, 'Reset'));
    await heading(page, 'Set a new password');
    expect(await usernamesIn(page, '#new')).toEqual(unknown);
  });
});

describe('a page that comes back as it was left', () => {
  it('shows nothing of the account before, and is made anew', async () => {
    const email = 'left@example.com';
    const page = await signedUp(email);
    await page.getByText('This browser').waitFor();
    const isShown = () => page.evaluate(() => document.body.checkVisibility());
    expect(await isShown()).toBe(true);
    // What a browser does that keeps the page. Playwright turns that off, since it can't follow it.
    const send = (name: string) =>
      page.evaluate((type) => {
        window.dispatchEvent(new PageTransitionEvent(type, { persisted: true }));
      }, name);
    await send('pagehide');
    expect(await isShown()).toBe(false);
    const second = await tab(page);
    await go(second, '/account');
    // Without the news that other tabs get: a page that is kept may miss it.
    await second.evaluate(() => fetch('/api/users/signout', { method: 'POST' }));
    const requests: string[] = [];
    page.on('request', (request) => requests.push(new URL(request.url()).pathname));
    await send('pageshow');
    await heading(page, 'Sign in');
    expect(requests).toContain('/account');
    expect(await page.getByText(email).count()).toBe(0);
  });

  it('is shown as ever where the browser does not keep it', async () => {
    const page = await signedUp('stays@example.com');
    await page.evaluate(() => {
      window.dispatchEvent(new PageTransitionEvent('pagehide', { persisted: false }));
    });
    expect(await page.evaluate(() => document.body.hidden)).toBe(false);
  });
});
