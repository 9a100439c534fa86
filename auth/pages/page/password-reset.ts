import { call } from '../api';
import { byId, showState } from '../dom';
import { onSubmit } from '../form';
import { Refusal } from '../refusal';
import { announceSignOut } from '../tabs';
import { reloadForNextLink, takeMailLink } from '../token';
import { addUsername } from '../username';

export function passwordReset(): void {
  reloadForNextLink();
  onSubmit(byId('ask', HTMLFormElement), async ({ email = '' }) => {
    await call('POST', '/password-reset', { email });
    byId('sent-to', HTMLElement).textContent = email;
    showState('sent');
  });
  const link = takeMailLink();
  if (!link) return;
  showState('new');
  const form = byId('new', HTMLFormElement);
  // The link does not say whose it is. The page after this one asks for the address with the new password.
  addUsername(form);
  onSubmit(form, async ({ password }) => {
    try {
      await call('POST', '/password-reset/confirm', { token: link.token, password });
    } catch (error) {
      if (!(error instanceof Refusal) || !error.is('invalid_token')) throw error;
      showState('unusable');
      return;
    }
    announceSignOut();
    location.replace('/signin?reason=password-set');
  });
}
