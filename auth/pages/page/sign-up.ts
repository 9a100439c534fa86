import { call, currentUser } from '../api';
import { byId, showState } from '../dom';
import { onSubmit } from '../form';
import { nextAfter } from '../next';
import { settings } from '../settings';
import { announceSignIn } from '../tabs';

export async function signUp(): Promise<void> {
  onSubmit(byId('sign-up', HTMLFormElement), async ({ name = '', email = '', password = '' }) => {
    await call('POST', '/signup', {
      email,
      password: settings.verifyFirst ? forgottenPassword() : password,
      name: name.trim() === '' ? null : name,
    });
    if (!settings.verifyFirst && (await isSignedIn())) {
      announceSignIn();
      location.replace(nextAfter(location.search, location.origin));
      return;
    }
    byId('sent-to', HTMLElement).textContent = email;
    showState('sent');
  });
  if (settings.verifyFirst) for (const id of ['name', 'password']) byId(id, HTMLInputElement).disabled = true;
  byId('sign-in', HTMLAnchorElement).search = location.search;
  if (await currentUser().catch(() => null)) location.replace(nextAfter(location.search, location.origin));
}

/** After a sign-up. Where it can't be known, the next page finds out. */
const isSignedIn = (): Promise<boolean> => currentUser().then(Boolean, () => true);

/** A verify-first sign-up is held to the rules for passwords, and its password forgotten: the link asks for the real one. */
function forgottenPassword(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(24));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
