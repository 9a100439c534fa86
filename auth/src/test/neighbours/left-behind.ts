import { Browser, expectAlive, expectEnded, type Site } from './browser';
import { late, newPassword, nobody, reset, resetLink, signIn, type OperationContext } from './operation';

/** Makes sessions and links at one process, ends some, and returns a check of all of them at a later process. */
export async function leaveBehind(context: OperationContext): Promise<(site: Site) => Promise<void>> {
  const { first, account, aged, tokenTo } = context;
  const [alive, replaced, signedOut] = [
    await signIn(first, account),
    await signIn(first, account),
    await signIn(first, account),
  ];
  await new Browser(signedOut.jwt).ask(first, 'POST /signout', 200);
  await new Browser(replaced.jwt).ask(first, 'POST /signin', 200, account);
  const ended = [replaced, signedOut, await signIn(first, account)];
  const endedLink = await resetLink(first, context);
  const password = newPassword();
  await alive.ask(first, 'PUT /me/password', 204, { currentPassword: account.password, password });
  await tokenTo(account.email, 'password was changed');
  account.password = password;
  const validLink = await resetLink(first, context);

  return async (site) => {
    await expectAlive(aged(alive, late), site);
    for (const session of ended) await expectEnded(aged(session, late), site);
    await nobody.ask(site, 'POST /password-reset/confirm', 400, { token: endedLink, password });
    await reset(site, validLink, context);
    await expectEnded(alive, site);
    await (await signIn(site, account)).ask(site, 'POST /signout', 200);
  };
}
