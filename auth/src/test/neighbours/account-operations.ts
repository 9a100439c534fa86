import { expectAlive, expectEnded } from './browser';
import {
  late,
  newEmail,
  newPassword,
  nobody,
  reset,
  resetLink,
  signIn,
  signUp,
  type Operation,
} from './operation';

const verify = 'POST /email-verification/confirm';

/** What people do with their own accounts, in part by links in mails. */
export const accountOperations: Readonly<Record<string, Operation>> = {
  'sign-up, sign-in, verification and closing': async ({ first, second, tokenTo, aged }) => {
    const { id, account, browser, verification } = await signUp(first, tokenTo);
    await nobody.ask(second, 'POST /signup', 400, account);
    await nobody.ask(second, 'POST /signin', 400, { ...account, password: newPassword() });
    const other = await signIn(second, account);
    expect((await expectAlive(browser, second)).emailVerified).toBe(false);
    await browser.ask(second, verify, 200, { token: verification });
    await nobody.ask(first, verify, 400, { token: verification });
    expect(await expectAlive(other, first)).toMatchObject({ id, emailVerified: true });
    await browser.ask(second, 'DELETE /me', 204, account);
    await expectEnded(aged(other, late), first);
    await nobody.ask(first, 'POST /signin', 400, account);
  },

  'a change of password': async (context) => {
    const { first, second, account, aged, tokenTo } = context;
    const [browser, ...others] = [
      await signIn(first, account),
      await signIn(first, account),
      await signIn(second, account),
    ];
    const token = await resetLink(first, context);
    const password = newPassword();
    const change = { currentPassword: account.password, password };
    await browser.ask(second, 'PUT /me/password', 204, change);
    await tokenTo(account.email, 'password was changed');
    for (const other of others) await expectEnded(aged(other, late), first);
    await expectAlive(aged(browser, late), first);
    expect((await browser.ask(first, 'GET /sessions', 200)).sessions).toHaveLength(1);
    await browser.ask(first, 'PUT /me/password', 400, change);
    await nobody.ask(first, 'POST /password-reset/confirm', 400, { token, password });
    await nobody.ask(first, 'POST /signin', 400, account);
    account.password = password;
    const again = await signIn(first, account);
    await again.ask(second, 'DELETE /sessions', 204);
    await expectEnded(browser, first);
    await again.ask(first, 'POST /signout', 200);
  },

  'a reset of the password': async (context) => {
    const { first, second, account, aged } = context;
    const sessions = [await signIn(first, account), await signIn(second, account)];
    const { password } = account;
    const token = await resetLink(first, context);
    await reset(second, token, context);
    for (const session of sessions) await expectEnded(aged(session, late), first);
    await nobody.ask(first, 'POST /password-reset/confirm', 400, { token, password });
    await nobody.ask(first, 'POST /signin', 400, { ...account, password });
    await (await signIn(first, account)).ask(second, 'POST /signout', 200);
  },

  'a change of address, confirmed and undone': async (context) => {
    const { first, second, account, aged, tokenTo } = context;
    const email = newEmail();
    const browser = await signIn(first, account);
    await browser.ask(first, 'PUT /me/email', 202, { ...account, email });
    const links = {
      confirm: { token: await tokenTo(email, 'Confirm') },
      undo: { token: await tokenTo(account.email, 'being changed') },
    };
    await browser.ask(second, verify, 200, links.confirm);
    await nobody.ask(first, verify, 400, links.confirm);
    expect((await expectAlive(aged(browser, late), first)).email).toBe(email);
    await nobody.ask(first, 'POST /signin', 400, account);
    const moved = await signIn(second, { ...account, email });

    expect((await nobody.ask(first, verify, 200, links.undo)).email).toBe(account.email);
    for (const session of [browser, moved]) await expectEnded(aged(session, late), second);
    for (const holder of [account.email, email])
      await nobody.ask(second, 'POST /signin', 400, { ...account, email: holder });
    await nobody.ask(second, verify, 400, links.undo);
    await reset(second, await tokenTo(account.email, 'Reset'), context);
    await (await signIn(first, account)).ask(second, 'POST /signout', 200);
  },
};
