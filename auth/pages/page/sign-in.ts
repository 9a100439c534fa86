import { alertIn, noteIn, tellIn } from '../alerts';
import { call, currentUser } from '../api';
import { byId } from '../dom';
import { onSubmit } from '../form';
import { nextAfter } from '../next';
import { Refusal } from '../refusal';
import { announceSignIn, onSignIn } from '../tabs';
import { words } from '../words/words';

/** What the person has done, by the reason that another page gives. */
const done: Readonly<Record<string, string>> = {
  'signed-out': words.signIn.signedOut,
  closed: words.signIn.closed,
  'password-set': words.signIn.passwordSet,
};

export async function signIn(): Promise<void> {
  const form = byId('sign-in', HTMLFormElement);
  const button = byId('sign-in-button', HTMLButtonElement);
  const goOn = (): void => {
    location.replace(nextAfter(location.search, location.origin));
  };
  onSubmit(form, async ({ email, password }) => {
    await call('POST', '/signin', { email, password });
    announceSignIn();
    goOn();
  });
  byId('sign-up', HTMLAnchorElement).search = location.search;
  const reason = new URLSearchParams(location.search).get('reason') ?? '';
  if (reason === 'ended') noteIn(form, words.signIn.ended);
  else if (Object.hasOwn(done, reason)) tellIn(form, done[reason] ?? '');
  if (!navigator.cookieEnabled) alertIn(form, new Refusal([{ code: 'no_cookies' }]), button);
  onSignIn(goOn);
  // Where it can't be known, people sign in again.
  if (await currentUser().catch(() => null)) goOn();
  else if (document.activeElement === document.body) byId('email', HTMLInputElement).focus();
}
