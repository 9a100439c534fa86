import type { Page } from 'playwright-core';
import { operator } from '../../src/services/caller';
import { usePages } from './browser';
import { field, fillSignIn, heading, password, press } from './people';

const { service, open, go, check } = usePages();

describe('/admin', () => {
  it('says which command makes an admin, to those who are none', async () => {
    const page = await open();
    await go(page, '/admin');
    await heading(page, 'Sign in as an admin');
    await page.getByText('npm run create-admin -- --email you@example.com').waitFor();
    await check(page, 'admin-signed-out');
    await page.getByRole('link', { name: 'Sign in' }).click();
    await service.signedUp('nobody@example.com');
    await fillSignIn(page, 'nobody@example.com');
    await heading(page, 'This page is for admins');
    await check(page, 'admin-refused');
  });

  it('lets an admin search, page through, and help one user', async () => {
    await service.signedUpAdmin('root@example.com');
    for (let number = 10; number < 62; number += 1) await service.signedUp(`many-${number}@example.com`);
    const user = await open();
    await go(user, '/signin');
    await fillSignIn(user, 'many-33@example.com');
    await heading(user, 'Your account');

    const page = await open();
    await go(page, '/admin?email=many-');
    await page.getByRole('link', { name: 'Sign in' }).click();
    await fillSignIn(page, 'root@example.com');
    await heading(page, 'Users');
    await page.getByRole('link', { name: 'many-10@example.com' }).waitFor();
    await check(page, 'admin-users');
    await page.getByRole('link', { name: 'Next page' }).click();
    await page.getByRole('link', { name: 'many-61@example.com' }).waitFor();
    await page.goBack();
    await page.getByRole('link', { name: 'many-10@example.com' }).waitFor();
    await field(page, 'E-mail address begins with').fill('nobody-has-this');
    await press(page, 'Search');
    await page.getByText('Nobody found.').waitFor();
    await check(page, 'admin-nobody');
    await field(page, 'E-mail address begins with').fill('many-33');
    await press(page, 'Search');
    await page.getByRole('link', { name: 'many-33@example.com' }).click();
    await heading(page, 'many-33@example.com');
    await check(page, 'admin-user');

    service.advance(700);
    await press(page, 'Sign out everywhere');
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Current password').fill(password);
    await check(page, 'confirm-password');
    await dialog.getByRole('button', { name: 'Confirm' }).click();
    await page.getByText('The user is signed out everywhere.').waitFor();
    await press(user, 'Save');
    await heading(user, 'Sign in');

    await press(page, 'Make an admin');
    await page.getByText('Changed.').waitFor();
    await press(page, 'Take the role away');
    await page.getByRole('button', { name: 'Make an admin' }).waitFor();
    await press(page, 'Disable');
    await page.getByRole('button', { name: 'Enable' }).waitFor();
    await fillSignIn(user, 'many-33@example.com');
    await user.getByText('is wrong').waitFor();
    await press(page, 'Show the activity');
    await page.getByText('Account disabled').waitFor();
    await page.getByText('now an admin · by you').waitFor();
    await check(page, 'admin-activity');

    await press(page, 'Delete');
    await check(page, 'admin-delete');
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    expect(await service.users.exists({ email: 'many-33@example.com' })).not.toBeNull();
    await press(page, 'Delete');
    await dialog.getByRole('button', { name: 'Delete for good' }).click();
    await page.getByText('The account is deleted.').waitFor();
    expect(await service.users.exists({ email: 'many-33@example.com' })).toBeNull();
  });

  it('says in the activity of a user the same as the user reads, and who did it', async () => {
    const email = 'watched@example.com';
    const user = await service.signedUp(email);
    const other = await service.signedUpAdmin('other-admin@example.com');
    const gone = await service.signedUpAdmin('gone-admin@example.com');
    await service.signedUpAdmin('reader@example.com');
    const idOf = async (address: string): Promise<string> =>
      (await service.users.findOne({ email: address }).lean().orFail())._id.toHexString();
    const id = await idOf(email);
    await user.patch('/api/users/me').send({ name: 'Watched', version: 0 }).expect(200);
    await other.patch(`/api/users/${id}`).send({ role: 'admin', version: 1 }).expect(200);
    await gone.patch(`/api/users/${id}`).send({ role: 'user', version: 2 }).expect(200);
    const goneId = await idOf('gone-admin@example.com');
    await other.delete(`/api/users/${goneId}`).send({}).expect(204);
    await service.api().post('/api/users/signin').send({ email, password: 'wrong' }).expect(400);
    service.auditTrail.note({ action: 'looked-up', user: id }, operator());
    await service.auditTrail.flush();

    /** What each item says happened, and how often. */
    const whatIn = (page: Page) =>
      page.locator('#activity li .what').evaluateAll((items) =>
        items.map((item) =>
          [...item.childNodes]
            .filter((node) => !(node instanceof HTMLDivElement))
            .map((node) => node.textContent?.trim())
            .join(' ')
            .trim(),
        ),
      );
    const own = await open();
    await go(own, '/signin');
    await fillSignIn(own, email);
    await own.getByText('Looked at by an operator').waitFor();
    await service.auditTrail.flush();
    await own.reload();
    await own.getByText('Looked at by an operator').waitFor();
    await own.getByText('now a user · by an admin').waitFor();

    const page = await open();
    await go(page, `/admin?user=${id}`);
    await page.getByRole('link', { name: 'Sign in' }).click();
    await fillSignIn(page, 'reader@example.com');
    await heading(page, email);
    await press(page, 'Show the activity');
    await page.getByText('Looked at by an operator').waitFor();
    expect(await whatIn(page)).toEqual(await whatIn(own));
    await page.getByText('By an operator', { exact: true }).waitFor();
    await page.getByText(`now a user · by an account that is gone (${goneId})`).waitFor();
    await page.getByText('now an admin').waitFor();
    await check(page, 'admin-who-did-it');
    await page.getByRole('link', { name: 'by other-admin@example.com' }).click();
    await heading(page, 'other-admin@example.com');
  });
});
