import { tellIn } from '../alerts';
import { call, currentUser } from '../api';
import { byId } from '../dom';
import { onSubmit } from '../form';
import { nextAfter } from '../next';
import { announceSignIn, onSignIn } from '../tabs';
import { words } from '../words/words';

const reasons: Readonly<Record<string, string>> = {
  ended: words.signIn.ended,
  'signed-out': words.signIn.signedOut,
  closed: words.signIn.closed,
  'password-set': words.signIn.passwordSet,
};

export async function signIn(): Promise<void> {
  const form = byId('sign-in', HTMLFormElement);
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
  if (Object.hasOwn(reasons, reason)) tellIn(form, reasons[reason] ?? '');
  if (!navigator.cookieEnabled) tellIn(form, words.signIn.noCookies);
  onSignIn(goOn);
  // Where it can't be known, people sign in again.
  if (await currentUser().catch(() => null)) goOn();
  else if (document.activeElement === document.body) byId('email', HTMLInputElement).focus();
}
