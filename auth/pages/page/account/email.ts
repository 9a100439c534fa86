import { tellIn } from '../../alerts';
import { onClick } from '../../action';
import { call } from '../../api';
import { byId, el } from '../../dom';
import { onSubmit } from '../../form';
import { untilKnownEverywhere } from '../../known-everywhere';
import { loadPart } from '../../part';
import { settings } from '../../settings';
import { time } from '../../time';
import type { CurrentUser, PendingEmail } from '../../types';
import { addUsername } from '../../username';
import { words } from '../../words/words';
import { tellDone } from './tell-done';

export function email(user: CurrentUser): void {
  const { emailVerified } = user;
  byId('own-email', HTMLElement).textContent = user.email;
  const status = byId('email-status', HTMLElement);
  status.textContent = emailVerified ? words.account.verified : words.account.notVerified;
  status.classList.add(emailVerified ? 'good' : 'bad');
  const again = byId('verify-again', HTMLElement);
  again.hidden = emailVerified;
  onClick(
    byId('verify-button', HTMLButtonElement),
    async () => {
      const { status: answered } = await call('POST', '/email-verification');
      // Verified meanwhile, in another tab.
      if (answered === 200) location.reload();
      else tellIn(again, words.account.mailSent);
    },
    again,
  );
  const form = byId('change-email', HTMLFormElement);
  addUsername(form, user.email);
  onSubmit(form, async ({ email: address = '', password }) => {
    const { status: answered } = await call('PUT', '/me/email', { email: address, password });
    form.reset();
    const isSame = answered === 204;
    tellDone(byId('email', HTMLDetailsElement), isSame ? words.account.emailSame : words.account.mailSent);
    await waitingEmail(isSame ? undefined : address.trim().toLowerCase());
  });
}

/**
 * Names the address that waits to be confirmed, if there is one.
 * @param asked what has just been asked for: another replica may not have heard of it yet
 */
export async function waitingEmail(asked?: string): Promise<void> {
  if (settings.sendsMail) await loadPart('email-part', () => showWaiting(asked));
}

const getWaiting = () => call<{ pending: PendingEmail | null }>('GET', '/me/email');

async function showWaiting(asked?: string): Promise<void> {
  let { data } = await getWaiting();
  if (asked !== undefined && data.pending?.email !== asked) {
    await untilKnownEverywhere();
    ({ data } = await getWaiting());
  }
  const waiting = byId('email-waiting', HTMLElement);
  waiting.hidden = data.pending === null;
  if (!data.pending) return;
  const { email: address, expiresAt } = data.pending;
  waiting.replaceChildren(
    el('p', {}, words.account.emailWaiting(address)),
    el('p', {}, words.account.emailWaitingUntil, ' ', time(expiresAt)),
  );
}
