import { expectAlive, expectEnded } from './browser';
import { late, newPassword, nobody, resetLink, signIn, signUp, type Operation } from './operation';

/** What admins do with the accounts of others. */
export const adminOperations: Readonly<Record<string, Operation>> = {
  'disabling and enabling by an admin': async (context) => {
    const { first, second, account, admin, aged } = context;
    const browser = await signIn(first, account);
    const { id, version } = await expectAlive(browser, first);
    const token = await resetLink(first, context);
    const disabled = await admin.ask(second, `PATCH /${id}`, 200, { disabled: true, version });
    await expectEnded(aged(browser, late), first);
    await nobody.ask(first, 'POST /signin', 400, account);
    await admin.ask(first, `PATCH /${id}`, 409, { disabled: false, version });
    await admin.ask(first, `PATCH /${id}`, 200, { disabled: false, version: disabled.version });
    await expectEnded(aged(browser, late), second);
    await nobody.ask(first, 'POST /password-reset/confirm', 400, { token, password: newPassword() });
    const again = await signIn(second, account);
    await expectAlive(again, first);
    await again.ask(first, 'POST /signout', 200);
  },

  'a role that an admin gives and takes': oneAtATime(async ({ first, second, account, admin, aged }) => {
    const browser = await signIn(first, account);
    const { id, version } = await expectAlive(browser, first);
    const raised = await admin.ask(second, `PATCH /${id}`, 200, { role: 'admin', version });
    await browser.ask(first, `GET /${id}`, 200);
    await admin.ask(first, `PATCH /${id}`, 200, { role: 'user', version: raised.version });
    await browser.ask(second, `GET /${id}`, 403);
    await expectAlive(aged(browser, late), second);
    await browser.ask(second, 'POST /signout', 200);
  }),

  'sign-out everywhere by an admin': async ({ first, second, account, admin, aged }) => {
    const browser = await signIn(first, account);
    const other = await signIn(second, account);
    const { id } = await expectAlive(browser, first);
    await admin.ask(second, `DELETE /${id}/sessions`, 204);
    for (const session of [browser, other]) await expectEnded(aged(session, late), first);
    const again = await signIn(first, account);
    await expectAlive(again, second);
    await again.ask(second, 'POST /signout', 200);
  },

  'deletion by an admin': async ({ first, second, admin, aged, tokenTo }) => {
    const { id, account, browser, verification } = await signUp(first, tokenTo);
    await admin.ask(second, `DELETE /${id}`, 204);
    await admin.ask(first, `GET /${id}`, 404);
    await expectEnded(aged(browser, late), first);
    await nobody.ask(first, 'POST /signin', 400, account);
    await nobody.ask(first, 'POST /email-verification/confirm', 400, { token: verification });
  },
};

/** Taking an admin's role writes to every other admin (decision 8): many at once would wait for each other in vain. */
function oneAtATime(operation: Operation): Operation {
  let last = Promise.resolve();
  return (context) => (last = last.then(() => operation(context)));
}
