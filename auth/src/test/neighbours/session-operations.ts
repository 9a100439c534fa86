import { randomUUID } from 'node:crypto';
import { Browser, expectAlive, expectEnded } from './browser';
import { expired, late, signIn, type Operation } from './operation';

/** Sessions that begin at one process and are used, renewed, listed and ended at another. */
export const sessionOperations: Readonly<Record<string, Operation>> = {
  'a session that is used, renewed and signed out': async ({ first, second, account, aged }) => {
    const browser = await signIn(first, account);
    const before = new Browser(browser.jwt);
    await browser.ask(second, 'GET /sessions', 200);
    for (const [age, site] of [
      [late, second],
      [expired, first],
      [expired, second],
    ] as const) {
      const older = aged(browser, age);
      browser.jwt = older.jwt;
      expect((await expectAlive(browser, site)).email).toBe(account.email);
      expect(browser.jwt).not.toBe(older.jwt);
    }
    // Those that a parallel request still holds are not signed out by a renewal.
    await expectAlive(before, first);
    await new Browser(browser.jwt).ask(second, 'POST /signout', 200);
    await expectEnded(browser, first);
    await expectEnded(aged(before, expired), first);
  },

  'a session that a sign-in in the same browser replaces': async ({ first, second, account }) => {
    const browser = await signIn(first, account);
    const replaced = new Browser(browser.jwt);
    await browser.ask(second, 'POST /signin', 200, account);
    await expectEnded(replaced, first);
    await expectAlive(browser, first);
    await browser.ask(first, 'POST /signout', 200);
  },

  'a session that is listed and ended from another one': async ({ first, second, account, aged }) => {
    const [browser, other] = [await signIn(first, account), await signIn(second, account)];
    const { sessions } = await browser.ask(second, 'GET /sessions', 200);
    expect(sessions).toHaveLength(2);
    const id = sessions.find(({ current }) => !current)?.id ?? '';
    await browser.ask(second, `DELETE /sessions/${id}`, 204);
    await expectEnded(aged(other, late), first);
    expect((await browser.ask(first, 'GET /sessions', 200)).sessions).toHaveLength(1);
    // The previous version would end a marked session once more, and say 204.
    if (first.version === 'present') await browser.ask(first, `DELETE /sessions/${id}`, 404);
    await browser.ask(first, 'POST /signout', 200);
  },

  'sign-out of the others': async ({ first, second, account, aged }) => {
    const [browser, ...others] = [
      await signIn(first, account),
      await signIn(first, account),
      await signIn(second, account),
    ];
    await browser.ask(second, 'DELETE /sessions', 204);
    for (const other of others) await expectEnded(aged(other, late), first);
    await expectAlive(aged(browser, late), first);
    expect((await browser.ask(first, 'GET /sessions', 200)).sessions).toHaveLength(1);
    await browser.ask(second, 'POST /signout', 200);
  },

  'a change of name': async ({ first, second, account }) => {
    const browser = await signIn(first, account);
    const change = { name: randomUUID(), version: (await expectAlive(browser, first)).version };
    await browser.ask(second, 'PATCH /me', 200, change);
    await browser.ask(first, 'PATCH /me', 409, change);
    expect(await expectAlive(browser, first)).toMatchObject({ name: change.name });
    await browser.ask(second, 'POST /signout', 200);
  },
};
