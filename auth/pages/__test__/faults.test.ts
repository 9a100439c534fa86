import type { Page } from 'playwright-core';
import { usePages } from './browser';
import { field, fillSignIn, fillSignUp, heading, press } from './people';

const { service, open, go, linkTo, check } = usePages({ rates: { signinAccountNetwork: '3/15m' } });

const refuse = async (page: Page, status: number, body: string, headers: Record<string, string> = {}) => {
  await page.route('**/api/users/signin', (route) => route.fulfill({ status, body, headers }));
};

async function onSignIn(): Promise<Page> {
  const page = await open();
  await go(page, '/signin');
  await field(page, 'E-mail address').fill('ada@example.com');
  await field(page, 'Password').fill('some password');
  return page;
}

const problem = (code: string): string =>
  JSON.stringify({ errors: [{ message: 'as the service says', code }] });

describe('a page says plainly', () => {
  it('that the browser is offline, and works again once it is not', async () => {
    const page = await onSignIn();
    await page.context().setOffline(true);
    await press(page, 'Sign in');
    await page.getByText('You are offline.').waitFor();
    expect(await field(page, 'E-mail address').inputValue()).toBe('ada@example.com');
    await check(page, 'offline');
    await page.context().setOffline(false);
    await press(page, 'Sign in');
    await page.getByText('is wrong').waitFor();
  });

  it('that the connection was cut', async () => {
    const page = await onSignIn();
    await page.route('**/api/users/signin', (route) => route.abort('connectionreset'));
    await press(page, 'Sign in');
    await page.getByText('can’t be reached').waitFor();
  });

  it('that the service can’t be used, and for how long to wait', async () => {
    const page = await onSignIn();
    await refuse(page, 503, problem('database_unavailable'), { 'Retry-After': '60' });
    await press(page, 'Sign in');
    await page.getByText('can’t be used at the moment').waitFor();
    await check(page, 'unavailable');
  });

  it('that the time to wait is over', async () => {
    const page = await onSignIn();
    await refuse(page, 503, problem('database_unavailable'), { 'Retry-After': '1' });
    await press(page, 'Sign in');
    await page.getByText('You can try again now.').waitFor();
  });

  it.each([
    ['a page of a proxy', 502, '<html>Bad Gateway</html>', 'did not answer as expected'],
    ['an empty answer', 504, '', 'did not answer as expected'],
    ['a defect', 500, problem('internal'), 'Something went wrong on our side'],
    ['a code of a later version', 400, problem('not_known_yet'), 'as the service says'],
    ['a code that is a name of JavaScript', 400, problem('constructor'), 'as the service says'],
  ])('%s', async (_what, status, body, text) => {
    const page = await onSignIn();
    await refuse(page, status, body);
    await press(page, 'Sign in');
    await page.getByText(text).waitFor();
  });

  it('that it waits, and sends a form once however often its button is pressed', async () => {
    const page = await onSignIn();
    let sent = 0;
    let answer = (): void => undefined;
    await page.route('**/api/users/signin', async (route) => {
      sent += 1;
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
      await route.fulfill({ status: 400, body: problem('invalid_credentials') });
    });
    for (let times = 0; times < 3; times += 1) await press(page, 'Sign in');
    await page.getByText('Still waiting').waitFor();
    answer();
    await page.getByText('is wrong').waitFor();
    expect(await page.getByText('Still waiting').count()).toBe(0);
    expect(sent).toBe(1);
  });

  it('in a way that is accessible, that it waits', async () => {
    const page = await onSignIn();
    await page.route('**/api/users/signin', () => undefined);
    await press(page, 'Sign in');
    await page.getByText('Still waiting').waitFor();
    await check(page, 'waiting');
  });

  it('that there were too many attempts, with the seconds that are left', async () => {
    await service.signedUp('limited@example.com');
    const page = await open();
    await go(page, '/signin');
    for (let guess = 0; guess < 4; guess += 1) {
      await fillSignIn(page, 'limited@example.com', 'wrong');
      await page.getByRole('alert').waitFor();
      await page.locator('button[aria-busy]').waitFor({ state: 'detached' });
    }
    await page.getByText('There were too many attempts.').waitFor();
    await page
      .getByText(/Try again in \d+ minutes? and \d+ seconds?/)
      .first()
      .waitFor();
    expect(await page.getByRole('button', { name: 'Sign in' }).getAttribute('aria-disabled')).toBe('true');
    await check(page, 'too-many');
    await fillSignIn(page, 'limited-not@example.com', 'wrong');
    await page.getByText('is wrong').waitFor();
  });

  it('that the account can’t be shown, with a way to try again', async () => {
    const page = await open();
    await go(page, '/signup');
    await fillSignUp(page, 'cut@example.com');
    await heading(page, 'Your account');
    await page.route('**/api/users/currentuser', (route) =>
      route.fulfill({ status: 503, body: problem('database_unavailable') }),
    );
    await page.reload();
    await heading(page, 'This did not work');
    await check(page, 'account-unavailable');
    await page.unroute('**/api/users/currentuser');
    await press(page, 'Try again');
    await heading(page, 'Your account');
  });
});

it('a page that can’t be shown says for how long to wait, and its button waits as long', async () => {
  const page = await open();
  await go(page, '/signup');
  await fillSignUp(page, 'waits@example.com');
  await heading(page, 'Your account');
  await page.route('**/api/users/currentuser', (route) =>
    route.fulfill({ status: 503, headers: { 'Retry-After': '90' }, body: problem('database_unavailable') }),
  );
  await page.reload();
  await heading(page, 'This did not work');
  await page
    .locator('.alert [aria-hidden]')
    .getByText(/^Try again in 1 minute and \d+ seconds?\.$/)
    .waitFor();
  const again = page.getByRole('button', { name: 'Try again' });
  // It can have the focus, and says why it does nothing.
  await again.click({ force: true });
  expect(await again.getAttribute('aria-disabled')).toBe('true');
  await heading(page, 'This did not work');
  await check(page, 'account-unavailable-for-a-time');
});

it('a page that can’t be shown is tried again once the time is over', async () => {
  const page = await open();
  await go(page, '/signup');
  await fillSignUp(page, 'over@example.com');
  await heading(page, 'Your account');
  await page.route('**/api/users/currentuser', (route) =>
    route.fulfill({ status: 503, headers: { 'Retry-After': '1' }, body: problem('database_unavailable') }),
  );
  await page.reload();
  await page.getByText('You can try again now.').waitFor();
  await page.unroute('**/api/users/currentuser');
  await press(page, 'Try again');
  await heading(page, 'Your account');
});

describe('with a slow network', () => {
  it('a person gets from sign-up over the mail to the account', async () => {
    const page = await open();
    await page.route('**/*', async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 700));
      await route.continue();
    });
    await go(page, '/signup');
    await fillSignUp(page, 'slow@example.com');
    await heading(page, 'Your account');
    await go(page, await linkTo('slow@example.com'));
    await press(page, 'Verify my address');
    await heading(page, 'Your address is verified');
  });
});

describe('a script with the HTML of another version, as while a version is deployed', () => {
  it('does nothing but say that the service is starting, and a link is good after that', async () => {
    const email = 'between@example.com';
    await service.signedUp(email);
    const link = await linkTo(email, 'Verify');
    const page = await open();
    await page.route('**/email-verification**', async (route) => {
      const response = await route.fetch();
      const html = await response.text();
      await route.fulfill({ response, body: html.replace(/ data-html="\w+"/, ' data-html="another"') });
    });
    await go(page, link);
    await page.getByText('The service is starting.').waitFor();
    await page.unroute('**/email-verification**');
    await press(page, 'Try again');
    await heading(page, 'Verify your e-mail address');
  });
});
