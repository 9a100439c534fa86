import { currentUser } from '../api';
import { byId, showState } from '../dom';
import { showHeader } from '../header';
import { signInFor } from '../next';
import { words } from '../words/words';
import { oneUser } from './admin/one-user';
import { users } from './admin/users';

/** What an admin sees: all users, or the one that `?user=` names. */
export async function admin(): Promise<void> {
  const caller = await currentUser();
  if (caller) showHeader(caller);
  if (caller?.role !== 'admin') {
    byId('refused-sign-in', HTMLAnchorElement).href = signInFor(location);
    if (caller) {
      byId('refused-title', HTMLElement).textContent = words.admin.forbidden;
      byId('refused-text', HTMLElement).textContent = words.admin.forbiddenText;
      byId('refused-link', HTMLElement).hidden = true;
    }
    showState('refused');
    return;
  }
  const query = new URLSearchParams(location.search);
  const id = query.get('user');
  if (id === null) await users(query);
  else await oneUser(id, caller);
}
