import { call } from '../../api';
import { byId } from '../../dom';
import { onSubmit } from '../../form';
import { settings } from '../../settings';
import { announceSignOut } from '../../tabs';
import { words } from '../../words/words';

export function closing(): void {
  const { closedAccountSeconds: seconds } = settings;
  byId('close-kept', HTMLElement).textContent =
    seconds > 0 ? words.account.closeKept(seconds) : words.account.closeForGood;
  onSubmit(byId('close-account', HTMLFormElement), async ({ password }) => {
    await call('DELETE', '/me', { password });
    announceSignOut();
    location.replace('/signin?reason=closed');
  });
}
