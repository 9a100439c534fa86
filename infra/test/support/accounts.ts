import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { settled, type Namespace } from './cluster';
import { Inbox } from './inbox';
import { Browser, type Ingress } from './ingress';

let serial = 0;
export const newEmail = (): string => `user-${process.pid}-${Date.now()}-${serial++}@example.com`;

/** The fields of a user that the tests read. */
export interface User {
  id: string;
  email: string;
  name?: string;
  emailVerified: boolean;
  version: number;
}

/** Creates an admin as an operator does, in a pod of the service. */
export async function createAdmin(
  namespace: Namespace,
  { email, password }: { email: string; password: string },
): Promise<void> {
  const command = ['node', 'dist/cli.js', 'create-admin', '--email', email, '--password-stdin'];
  await namespace.exec('deploy/auth-depl', command, { input: `${password}\n` });
}

const password = 'correct horse battery staple';
const another = 'another correct horse battery';

/** The flows of auth/docs/accounts.md, through the ingress, with mails from the development inbox. */
export function describeAccounts(ingress: Ingress, namespace: () => Namespace): void {
  let inbox: Inbox;

  const signUp = async (): Promise<{ email: string; browser: Browser; user: User }> => {
    const email = newEmail();
    const browser = new Browser(ingress);
    return { email, browser, user: await browser.gets<User>(201, 'POST', 'signup', { email, password }) };
  };
  const signIn = async (credentials: { email: string; password: string }): Promise<Browser> => {
    const browser = new Browser(ingress);
    await browser.gets(200, 'POST', 'signin', credentials);
    return browser;
  };
  const anybody = new Browser(ingress);
  const refused = (credentials: { email: string; password: string }): Promise<unknown> =>
    anybody.gets(400, 'POST', 'signin', credentials);
  /** With the session of the account: the token alone is not enough. */
  const confirm = (browser: Browser, token: string): Promise<User> =>
    browser.gets<User>(200, 'POST', 'email-verification/confirm', { token });
  const reset = async (email: string, chosen: string): Promise<void> => {
    const token = await inbox.token(email, 'Reset your password');
    await anybody.gets(204, 'POST', 'password-reset/confirm', { token, password: chosen });
  };

  describe('users', () => {
    before(async () => {
      await settled(namespace(), 'app=auth-inbox');
      inbox = new Inbox(namespace());
    });

    it('verify their address by mail, and change their name only from the current version', async () => {
      const { email, browser, user } = await signUp();
      assert.equal(user.emailVerified, false);
      const verified = await confirm(browser, await inbox.token(email, 'Verify'));
      assert.equal(verified.emailVerified, true);
      await browser.gets(409, 'PATCH', 'me', { name: 'Ada', version: user.version });
      const renamed = await browser.gets<User>(200, 'PATCH', 'me', {
        name: 'Ada',
        version: verified.version,
      });
      assert.equal(renamed.name, 'Ada');
    });

    it('change their password, which ends all other sessions', async () => {
      const { email, browser } = await signUp();
      const elsewhere = await signIn({ email, password });
      await browser.gets(204, 'PUT', 'me/password', { currentPassword: password, password: another });
      assert.equal(await browser.signedInAs(), email);
      assert.equal(await elsewhere.signedInAs(), undefined);
      await refused({ email, password });
      await inbox.take(email, 'Your password was changed');
    });

    it('reset a forgotten password by mail, which ends all sessions', async () => {
      const { email, browser } = await signUp();
      await anybody.gets(202, 'POST', 'password-reset', { email });
      await reset(email, another);
      assert.equal(await browser.signedInAs(), undefined);
      await refused({ email, password });
      await signIn({ email, password: another });
    });

    it('change their address by confirming the new one, and undo it with the link to the old one', async () => {
      const { email, browser } = await signUp();
      const wanted = newEmail();
      await browser.gets(202, 'PUT', 'me/email', { email: wanted, password });
      const undoToken = await inbox.token(email, 'is being changed');
      assert.equal(await browser.signedInAs(), email);
      await confirm(browser, await inbox.token(wanted, 'Confirm your new'));
      assert.equal(await browser.signedInAs(), wanted);

      assert.equal((await confirm(anybody, undoToken)).email, email);
      assert.equal(await browser.signedInAs(), undefined);
      await refused({ email, password });
      await reset(email, another);
      await signIn({ email, password: another });
    });

    it('close their account', async () => {
      const { email, browser } = await signUp();
      await browser.gets(400, 'DELETE', 'me', { password: another });
      await browser.gets(204, 'DELETE', 'me', { password });
      assert.equal(await browser.signedInAs(), undefined);
      await refused({ email, password });
    });
  });

  describe('an admin created in the pod', () => {
    let admin: Browser;
    const root = { email: newEmail(), password };
    const find = async (email: string): Promise<User> => {
      const path = `?role=user&email=${encodeURIComponent(email)}`;
      const { users } = await admin.gets<{ users: User[] }>(200, 'GET', path);
      const [user] = users;
      assert.ok(user && users.length === 1);
      assert.equal(user.email, email);
      return user;
    };

    before(async () => {
      await createAdmin(namespace(), root);
      admin = await signIn(root);
    });

    it('disables and enables an account from its current version, and disabling ends its sessions', async () => {
      const { email, browser } = await signUp();
      await browser.gets(403, 'GET', '');
      const { id, version } = await find(email);
      const disabled = await admin.gets<User>(200, 'PATCH', id, { disabled: true, version });
      assert.equal(await browser.signedInAs(), undefined);
      await refused({ email, password });
      await admin.gets(409, 'PATCH', id, { disabled: false, version });
      await admin.gets(200, 'PATCH', id, { disabled: false, version: disabled.version });
      await signIn({ email, password });
    });

    it('ends the sessions of an account, and deletes it', async () => {
      const { email, browser } = await signUp();
      const { id } = await find(email);
      await admin.gets(204, 'DELETE', `${id}/sessions`);
      assert.equal(await browser.signedInAs(), undefined);
      await admin.gets(204, 'DELETE', id);
      await admin.gets(404, 'GET', id);
      await refused({ email, password });
    });

    it('cannot be demoted, disabled or deleted as the last admin', async () => {
      const { users } = await admin.gets<{ users: User[] }>(200, 'GET', '?role=admin');
      const [{ id, version } = { id: '', version: 0 }] = users;
      await admin.gets(409, 'PATCH', id, { role: 'user', version });
      await admin.gets(409, 'PATCH', id, { disabled: true, version });
      await admin.gets(409, 'DELETE', id);
      await admin.gets(409, 'DELETE', 'me', { password });
      assert.equal(await admin.signedInAs(), root.email);
    });
  });
}
