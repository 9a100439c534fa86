import type { Page } from 'playwright-core';
import { linkPurposes, type LinkPurpose } from '../../src/models/link-purposes';
import { words } from '../words/words';
import { usePages } from './browser';
import { ownLink } from './links';
import { field, heading, newPassword, password, press } from './people';

const { service, open, tab, go } = usePages();

/** What a link may say of itself: the truth, something else, or nothing. */
const says = [...linkPurposes, '', 'constructor'];

const { verification, signup, 'email-change': change, ...others } = words.links;
const done = (...kinds: (typeof words.anyLink)[]): string[] => kinds.map((kind) => kind.done);

/** The password that the page of a link asks for, once the service does, and what it may say then. */
const flows: Record<LinkPurpose, { asks?: string; done: string[] }> = {
  verification: { asks: 'Password', done: done(verification, change, words.anyLink) },
  'email-change': { asks: 'Password', done: done(verification, change, words.anyLink) },
  signup: { asks: 'New password', done: done(signup) },
  'email-change-undo': { done: done(...Object.values(others), words.anyLink) },
  'account-reopening': { done: done(...Object.values(others), words.anyLink) },
  'password-reset': { done: [words.verify.unusable] },
};

/** Marks a tab, so that it shows whether it was loaded again since. */
const leave = (page: Page): Promise<void> =>
  page.evaluate(() => {
    document.documentElement.dataset['left'] = '';
  });
const isAsLeft = (page: Page): Promise<boolean> =>
  page.evaluate(() => document.documentElement.dataset['left'] !== undefined);

const signedInAs = (page: Page): Promise<string | undefined> =>
  page.evaluate(async () => {
    const response = await fetch('/api/users/currentuser');
    const { currentUser } = (await response.json()) as { currentUser: { email: string } | null };
    return currentUser?.email;
  });

const target = 'target@example.com';

/** A browser in which somebody is signed in who is sent a stranger's link. */
async function openSignedIn(): Promise<Page> {
  if (!(await service.users.exists({ email: target }))) await service.signedUp(target);
  const page = await open();
  await page.context().request.post(`${service.url}/api/users/signin`, { data: { email: target, password } });
  return page;
}

/** Opens a link, and uses it with whatever it needs. Before the service has asked for it, there is nothing to fill in. */
async function use(page: Page, path: string, asks?: string): Promise<void> {
  await go(page, path);
  const button = page.locator('#link button[type=submit]');
  await button.waitFor();
  expect(await page.locator('input').count()).toBe(0);
  await button.click();
  if (asks === undefined) return;
  await field(page, asks).fill(password);
  await button.click();
}

const pathOf = (said: string, token: string): string =>
  `/email-verification${said === '' ? '' : `?for=${said}`}#token=${token}`;

const titleOf = (page: Page) =>
  page.locator('[data-state=done] h1:visible, [data-state=unusable] h1:visible').textContent();

describe.each(linkPurposes)('a link for %s', (purpose) => {
  const { asks, done: titles } = flows[purpose];
  const isReset = purpose === 'password-reset';

  it('asks for a password only if it needs one, and signs nobody in, whatever it says', async () => {
    const page = await open();
    for (const said of says) {
      const { token, email } = await ownLink(service, purpose);
      await use(page, pathOf(said, token), asks);
      const title = await titleOf(page);
      const addresses = await page.locator('#done-email:visible').allTextContents();
      const result = { said, isRight: titles.includes(title ?? ''), addresses, who: await signedInAs(page) };
      expect(result).toEqual({ said, isRight: true, addresses: isReset ? [] : [email], who: undefined });
    }
  });

  it('leaves somebody signed in who has another account, and says so, whatever it says', async () => {
    const page = await openSignedIn();
    const second = await tab(page);
    await go(second, '/account');
    await heading(second, 'Your account');
    await leave(second);
    for (const said of new Set([purpose, 'verification', 'email-change-undo'])) {
      const { token, email } = await ownLink(service, purpose);
      await use(page, pathOf(said, token), asks);
      await titleOf(page);
      await page.getByText(`You are signed in as ${target}.`).waitFor();
      if (!isReset) {
        await page.getByText(email, { exact: true }).waitFor();
        await page.getByText('Not your address?').waitFor();
        expect(await page.getByRole('button', { name: 'Sign in to this account' }).count()).toBe(0);
        expect(await page.getByRole('link', { name: 'Go to your account' }).count()).toBe(0);
      }
      expect({ said, who: await signedInAs(page) }).toEqual({ said, who: target });
    }
    expect(await isAsLeft(second)).toBe(true);
  });

  it('can be declined without a change of who is signed in, whatever it says', async () => {
    const page = await openSignedIn();
    const isDeclinable = ['verification', 'signup', 'email-change'].includes(purpose);
    for (const said of new Set([purpose, 'verification'])) {
      const { token } = await ownLink(service, purpose);
      await go(page, `/email-verification?for=${said}&decline#token=${token}`);
      await page.getByText(`You are signed in as ${target}.`).waitFor();
      await press(page, 'This was not me');
      await heading(page, isDeclinable ? 'Thank you' : 'This link does not work');
      expect(await signedInAs(page)).toBe(target);
    }
  });
});

describe('the page of a link', () => {
  it('names the account of somebody signed in before it asks for the password of another', async () => {
    const { token } = await ownLink(service, 'verification');
    const page = await openSignedIn();
    await go(page, pathOf('verification', token));
    await press(page, 'Verify my address');
    await page.getByText(`This link is for another account than ${target}.`).waitFor();
    await field(page, 'Password').fill(`not ${password}`);
    await press(page, 'Verify my address');
    await page.getByText('is wrong').waitFor();
    expect(await signedInAs(page)).toBe(target);
  });

  it('says to somebody signed in that a sign-up opens another account, before a password is chosen', async () => {
    const { token } = await ownLink(service, 'signup');
    const page = await openSignedIn();
    await go(page, pathOf('verification', token));
    await press(page, 'Verify my address');
    await heading(page, 'Open your account');
    await page.getByText(`This opens another account than ${target}.`).waitFor();
    expect(await page.title()).toBe('Open your account · ticketing');
  });

  it('signs in by a button under the address, but not in place of somebody who has signed in meanwhile', async () => {
    const { token, email } = await ownLink(service, 'signup');
    const page = await open();
    await use(page, pathOf('signup', token), 'New password');
    await page.getByText(email, { exact: true }).waitFor();
    await service.signedUp('meanwhile@example.com');
    const data = { email: 'meanwhile@example.com', password };
    await page.context().request.post(`${service.url}/api/users/signin`, { data });
    await press(page, 'Sign in to this account');
    await page.getByText('You are signed in as meanwhile@example.com.').waitFor();
    expect(await signedInAs(page)).toBe('meanwhile@example.com');
    expect(await page.getByRole('button', { name: 'Sign in to this account' }).count()).toBe(0);
  });

  it('leads on to the own account, and other tabs to sign-in where the own sessions have ended', async () => {
    const email = 'own@example.com';
    await service.signedUp(email);
    const page = await open();
    const data = { email, password };
    await page.context().request.post(`${service.url}/api/users/signin`, { data });
    await go(page, pathOf('unknown', await service.tokenTo(email, 'Verify')));
    await page.getByText(`You are signed in as ${email}.`).waitFor();
    await press(page, 'Go on');
    await page.getByRole('link', { name: 'Go to your account' }).waitFor();
    expect(await page.getByText('Not your address?').isVisible()).toBe(false);

    await page.context().request.put(`${service.url}/api/users/me/email`, {
      data: { email: `new-${email}`, password },
    });
    const second = await tab(page);
    await go(second, '/account');
    await heading(second, 'Your account');
    await go(page, pathOf('email-change-undo', await service.tokenTo(email, 'being changed')));
    await press(page, 'Restore my address');
    await heading(page, 'Your address is restored');
    await heading(second, 'Sign in');
    expect(await page.getByText('You are signed in as').isVisible()).toBe(false);
  });
});

describe('the link to set a new password', () => {
  it('of a stranger leaves somebody signed in, and says that the password is not of that account', async () => {
    const { token, email } = await ownLink(service, 'password-reset');
    const page = await openSignedIn();
    const second = await tab(page);
    await go(second, '/account');
    await heading(second, 'Your account');
    await leave(second);
    await go(page, `/password-reset?for=verification#token=${token}`);
    await page.getByText(`You are signed in as ${target}.`).waitFor();
    await field(page, 'New password').fill(newPassword);
    await press(page, 'Set the password');
    await heading(page, 'The password is set');
    await page.getByText(`still signed in as ${target}`).waitFor();
    expect(await signedInAs(page)).toBe(target);
    expect(await isAsLeft(second)).toBe(true);
    await service.api().post('/api/users/signin').send({ email, password: newPassword }).expect(200);
    await service.api().post('/api/users/signin').send({ email: target, password }).expect(200);
  });

  it('of the own account leads every tab to sign-in', async () => {
    const email = 'reset@example.com';
    await service.signedUp(email);
    const page = await open();
    await page.context().request.post(`${service.url}/api/users/signin`, { data: { email, password } });
    const second = await tab(page);
    await go(second, '/account');
    await heading(second, 'Your account');
    await service.api().post('/api/users/password-reset').send({ email }).expect(202);
    await go(page, `/password-reset#token=${await service.tokenTo(email, 'Reset')}`);
    await field(page, 'New password').fill(newPassword);
    await press(page, 'Set the password');
    await page.getByText('Your new password is set.').waitFor();
    await heading(second, 'Sign in');
  });

  it('is none if it is one for something else', async () => {
    const page = await open();
    for (const purpose of linkPurposes.filter((each) => each !== 'password-reset')) {
      const { token } = await ownLink(service, purpose);
      await go(page, `/password-reset?for=${purpose}#token=${token}`);
      await field(page, 'New password').fill(newPassword);
      await press(page, 'Set the password');
      await heading(page, 'This link does not work');
      expect(await signedInAs(page)).toBeUndefined();
    }
  });
});
