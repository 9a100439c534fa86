import { currentUser } from './api';
import { byId } from './dom';
import type { CurrentUser } from './types';
import { words } from './words/words';

/**
 * Says on the page of a mail's link who is signed in, because anybody can send a link of an account of their own. Where that
 * can't be known, it says nothing.
 * @returns null if nobody is signed in, undefined if that can't be known
 */
export async function tellWho(): Promise<CurrentUser | null | undefined> {
  const user = await currentUser().catch(() => undefined);
  const place = byId('who', HTMLElement);
  place.hidden = !user;
  place.textContent = user ? words.common.signedInAs(user.email) : '';
  return user;
}
