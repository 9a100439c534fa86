import { usePages } from './browser';
import {
  desktop,
  field,
  fillSignIn,
  fillSignUp,
  heading,
  newPassword,
  password,
  phone,
  press,
} from './people';

const { service, open, go, linkTo, check } = usePages();

describe('the life of an account, by mouse', () => {
  it('begins with sign-up, and leads over the link of the mail to an ended session', async () => {
    const email = 'ada@example.com';
    const page = await open({ userAgent: desktop });
    await go(page, '/');
    await heading(page, 'Sign in');
    await check(page, 'signin');
    await page.getByRole('link', { name: 'Create an account' }).click();
    await check(page, 'signup');
    await press(page, 'Create account');
    await page.getByText('Fill in this field.').waitFor();
    await check(page, 'signup-empty');
    await field(page, 'Name (optional)').fill('Ada');
    await fillSignUp(page, email);
    await heading(page, 'Your account');
    await page.getByText('Not verified').waitFor();
    await check(page, 'account-new');

    await go(page, await linkTo(email));
    await heading(page, 'Verify your e-mail address');
    await check(page, 'verify');
    await press(page, 'Verify my address');
    await heading(page, 'Your address is verified');
    await check(page, 'verified');
    await page.getByRole('link', { name: 'Go to your account' }).click();
    await page.getByText('Verified', { exact: true }).waitFor();

    const other = await open({ userAgent: phone });
    await go(other, '/signin');
    await fillSignIn(other, email);
    await heading(other, 'Your account');
    await page.reload();
    await page.getByRole('button', { name: 'Sign out: Safari on an iPhone' }).waitFor();
    await check(page, 'account');
    await page.getByRole('button', { name: 'Sign out: Safari on an iPhone' }).click();
    await page.getByText('It is signed out.').waitFor();
    await press(other, 'Save');
    await other.getByText('your session has ended').waitFor();
    await check(other, 'signin-ended');
    await fillSignIn(other, email);
    await heading(other, 'Your account');
  });

  it('goes on with another name, password and address, which can be undone', async () => {
    await service.signedUp('grace@example.com');
    await linkTo('grace@example.com', 'Verify');
    const page = await open();
    await go(page, '/account');
    await heading(page, 'Sign in');
    await fillSignIn(page, 'grace@example.com');
    await heading(page, 'Your account');
    await field(page, 'Name (optional)').fill('أليس');
    await press(page, 'Save');
    await page.getByText('Saved.').waitFor();
    expect((await service.users.findOne({ email: 'grace@example.com' }).lean())?.name).toBe('أليس');

    await page.getByText('Change the password', { exact: true }).first().click();
    const form = page.locator('#change-password');
    await form.getByLabel('Current password').fill('something wrong');
    await form.getByLabel('New password').fill('short');
    await form.getByRole('button', { name: 'Change the password' }).click();
    await form.getByText('Use at least 8').waitFor();
    await check(page, 'account-refused');
    await form.getByLabel('New password').fill(newPassword);
    await form.getByRole('button', { name: 'Change the password' }).click();
    await form.getByText('is wrong').waitFor();
    await form.getByLabel('Current password').fill(password);
    await form.getByRole('button', { name: 'Change the password' }).click();
    await page.getByText('Your password is changed.').waitFor();

    await page.getByText('Change the address', { exact: true }).first().click();
    const change = page.locator('#change-email');
    await change.getByLabel('New e-mail address').fill('hopper@example.com');
    await change.getByLabel('Current password').fill(newPassword);
    await change.getByRole('button', { name: 'Change the address' }).click();
    await page.getByText('link that we sent to hopper@example.com').waitFor();
    await page.reload();
    await page.getByText('link that we sent to hopper@example.com').waitFor();
    await check(page, 'account-waiting');
    const undo = await linkTo('grace@example.com', 'address');
    await go(page, await linkTo('hopper@example.com'));
    await heading(page, 'Confirm your new address');
    await check(page, 'confirm-address');
    await press(page, 'Confirm the new address');
    await heading(page, 'Your address has changed');
    await go(page, '/account');
    await page.getByText('hopper@example.com').first().waitFor();

    await go(page, undo);
    await heading(page, 'Restore your earlier address');
    await check(page, 'undo');
    await press(page, 'Restore my address');
    await heading(page, 'Your address is restored');
    await check(page, 'undone');
    await go(page, await linkTo('grace@example.com', 'Reset'));
    await heading(page, 'Set a new password');
    await check(page, 'password-new');
    await field(page, 'New password').fill(password);
    await press(page, 'Set the password');
    await page.getByText('Your new password is set.').waitFor();
    await fillSignIn(page, 'grace@example.com');
    await heading(page, 'Your account');
  });

  it('recovers a forgotten password, ends with closing, and comes back by the link of the mail', async () => {
    await service.signedUp('alan@example.com');
    const page = await open();
    await go(page, '/signin');
    await fillSignIn(page, 'alan@example.com', 'not this one');
    await page.getByText('is wrong').waitFor();
    expect(await field(page, 'E-mail address').inputValue()).toBe('alan@example.com');
    await check(page, 'signin-refused');
    await page.getByRole('link', { name: 'Forgot your password?' }).click();
    await heading(page, 'Forgot your password?');
    await check(page, 'password-reset');
    await field(page, 'E-mail address').fill('alan@example.com');
    await press(page, 'Send me a link');
    await heading(page, 'Check your mail');
    await check(page, 'password-reset-sent');
    const link = await linkTo('alan@example.com', 'password');
    await go(page, link);
    await field(page, 'New password').fill(newPassword);
    await press(page, 'Set the password');
    await fillSignIn(page, 'alan@example.com', newPassword);
    await heading(page, 'Your account');
    await go(page, link);
    await field(page, 'New password').fill(password);
    await press(page, 'Set the password');
    await heading(page, 'This link does not work');
    await check(page, 'password-reset-unusable');

    await go(page, '/account#close');
    const form = page.locator('#close-account');
    await form.getByLabel('Current password').fill(newPassword);
    await page.getByText('for 7 days').waitFor();
    await form.getByRole('button', { name: 'Close my account' }).click();
    await page.getByText('Your account is closed.').waitFor();
    await go(page, await linkTo('alan@example.com', 'closed'));
    await heading(page, 'Bring your account back');
    await check(page, 'bring-back');
    await press(page, 'Bring my account back');
    await heading(page, 'Your account is back');
    await check(page, 'account-back');
    await go(page, await linkTo('alan@example.com', 'back'));
    await field(page, 'New password').fill(password);
    await press(page, 'Set the password');
    await fillSignIn(page, 'alan@example.com');
    await heading(page, 'Your account');
  });

  it('is declined by the owner of the address, who did not sign up', async () => {
    await service.signedUp('mary@example.com');
    const { text } = await service.mailTo('mary@example.com');
    const [link = ''] = /http\S+decline\S+/.exec(text) ?? [];
    const page = await open();
    await go(page, link);
    await heading(page, 'This was not you?');
    await check(page, 'decline');
    expect(await service.users.exists({ email: 'mary@example.com' })).not.toBeNull();
    await press(page, 'This was not me');
    await heading(page, 'Thank you');
    await check(page, 'declined');
    expect(await service.users.exists({ email: 'mary@example.com' })).toBeNull();
  });
});
