import { call } from '../../api';
import { byId } from '../../dom';
import { onSubmit } from '../../form';
import { settings } from '../../settings';
import { announceSignOut } from '../../tabs';
import type { CurrentUser } from '../../types';
import { addUsername } from '../../username';
import { words } from '../../words/words';

export function closing(user: CurrentUser): void {
  const { closedAccountSeconds: seconds } = settings;
  byId('close-kept', HTMLElement).textContent =
    seconds > 0 ? words.account.closeKept(seconds) : words.account.closeForGood;
  const form = byId('close-account', HTMLFormElement);
  addUsername(form, user.email);
  onSubmit(form, async ({ password }) => {
    await call('DELETE', '/me', { password });
    announceSignOut();
    location.replace('/signin?reason=closed');
  });
}
