import { call, currentUser } from '../api';
import { byId, showState } from '../dom';
import { onSubmit } from '../form';
import { untilKnownEverywhere } from '../known-everywhere';
import { Refusal } from '../refusal';
import { announceSignOut } from '../tabs';
import { reloadForNextLink, takeMailLink, type MailLink } from '../token';
import type { CurrentUser } from '../types';
import { addUsername } from '../username';
import { tellWho } from '../who';
import { words } from '../words/words';

export async function passwordReset(): Promise<void> {
  reloadForNextLink();
  onSubmit(byId('ask', HTMLFormElement), async ({ email = '' }) => {
    await call('POST', '/password-reset', { email });
    byId('sent-to', HTMLElement).textContent = email;
    showState('sent');
  });
  const link = takeMailLink();
  if (!link) return;
  setNew(link);
  showState('new');
  await tellWho();
}

function setNew({ token }: MailLink): void {
  const form = byId('new', HTMLFormElement);
  // The link does not say whose it is. The page after this one asks for the address with the new password.
  addUsername(form);
  onSubmit(form, async ({ password }) => {
    try {
      await call('POST', '/password-reset/confirm', { token, password });
    } catch (error) {
      if (!(error instanceof Refusal) || !error.is('invalid_token')) throw error;
      showState('unusable');
      return;
    }
    const other = await stillSignedIn();
    if (other) {
      byId('set-text', HTMLElement).textContent = words.reset.setForOther(other.email);
      showState('set');
      return;
    }
    if (other === null) announceSignOut();
    location.replace('/signin?reason=password-set');
  });
}

/** Who is signed in after a reset. It is another account: the link was not for the one that the person uses. */
async function stillSignedIn(): Promise<CurrentUser | null | undefined> {
  const ask = (): Promise<CurrentUser | null | undefined> => currentUser().catch(() => undefined);
  if ((await ask()) === null) return null;
  await untilKnownEverywhere();
  return ask();
}
