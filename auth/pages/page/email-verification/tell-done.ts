import { onClick } from '../../action';
import { call, currentUser } from '../../api';
import { byId, focusOn, showState } from '../../dom';
import { untilKnownEverywhere } from '../../known-everywhere';
import { announceSignIn, announceSignOut } from '../../tabs';
import type { CurrentUser } from '../../types';
import { tellWho } from '../../who';
import type { words } from '../../words/words';

export interface Used {
  /** The account of the link. */
  user: CurrentUser;
  /** Who was signed in before. */
  before: CurrentUser | null | undefined;
  /** The password of the account, where it was given. */
  password?: string | undefined;
  text: typeof words.anyLink;
}

/**
 * Says what a link has done, and for which account: it may be a stranger's. Nobody is signed in by a link. Whoever has given
 * the password need not give it again, but presses a button under the address.
 */
export async function tellDone({ user, before, password, text }: Used): Promise<void> {
  const after = await tellWho();
  if (before && after === null) announceSignOut();
  const isOwn = after?.id === user.id;
  byId('done-title', HTMLElement).textContent = text.done;
  byId('done-text', HTMLElement).textContent = text.doneText;
  byId('done-email', HTMLElement).textContent = user.email;
  byId('done-stranger', HTMLElement).hidden = before?.id === user.id;
  byId('done-account', HTMLElement).hidden = !isOwn;
  if (after === null && password !== undefined) offerSignIn({ email: user.email, password });
  showState('done');
  if (!isOwn) return;
  // The link may have ended this session too.
  await untilKnownEverywhere();
  if ((await tellWho()) !== null) return;
  announceSignOut();
  byId('done-account', HTMLElement).hidden = true;
}

function offerSignIn(credentials: { email: string; password: string }): void {
  const button = byId('done-sign-in', HTMLButtonElement);
  button.hidden = false;
  onClick(button, async () => {
    // In another tab. A link replaces nobody's session.
    if (await currentUser()) {
      button.hidden = true;
      await tellWho();
      focusOn(byId('who', HTMLElement));
      return;
    }
    await call('POST', '/signin', credentials);
    announceSignIn();
    location.replace('/account');
  });
}
