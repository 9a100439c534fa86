import { currentUser } from '../api';
import { byId, showState } from '../dom';
import { showHeader } from '../header';
import { signInFor } from '../next';
import { activity } from './account/activity';
import { closing } from './account/closing';
import { email, waitingEmail } from './account/email';
import { password } from './account/password';
import { profile } from './account/profile';
import { sessions } from './account/sessions';

/** What a user sees and changes of the own account: a part of the page each. */
export async function account(): Promise<void> {
  const user = await currentUser();
  if (!user) {
    location.replace(signInFor(location));
    return;
  }
  showHeader(user);
  profile(user);
  email(user);
  password(user);
  closing(user);
  showState('account');
  openNamed();
  window.addEventListener('hashchange', openNamed);
  await Promise.all([waitingEmail(), sessions(), activity()]);
}

/** Opens the part that the address names, such as `/account#password`. */
function openNamed(): void {
  const part = document.getElementById(location.hash.slice(1));
  if (!(part instanceof HTMLDetailsElement)) return;
  part.open = true;
  byId(part.id, HTMLElement).querySelector('input:not([tabindex])')?.scrollIntoView({ block: 'center' });
  part.querySelector<HTMLInputElement>('input:not([tabindex])')?.focus();
}
