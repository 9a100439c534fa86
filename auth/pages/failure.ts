import { alertIn } from './alerts';
import { byId, el, focusOn } from './dom';
import { signInFor } from './next';
import { Refusal } from './refusal';
import { announceSignOut } from './tabs';
import { words } from './words/words';

/** Says why the page can't be shown, in its place. Without a session it leads to sign-in and back. */
export function showFailure(error: unknown): void {
  if (isSignedOut(error)) {
    // Other tabs show the account too, and may not have asked for anything since.
    announceSignOut();
    location.replace(signInFor(location, 'ended'));
    return;
  }
  const again = el('button', { type: 'button', class: 'primary' }, words.common.tryAgain);
  again.addEventListener('click', () => {
    if (again.getAttribute('aria-disabled') !== 'true') location.reload();
  });
  const title = el('h1', {}, words.common.failed);
  const box = el('section', { class: 'card' }, title, again);
  byId('main', HTMLElement).replaceChildren(box);
  alertIn(box, error, again);
  focusOn(title);
}

export const isSignedOut = (error: unknown): boolean =>
  error instanceof Refusal && error.is('not_authorized');
