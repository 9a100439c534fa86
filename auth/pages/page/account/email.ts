import { tellIn } from '../../alerts';
import { onClick } from '../../action';
import { call } from '../../api';
import { byId } from '../../dom';
import { onSubmit } from '../../form';
import type { CurrentUser } from '../../types';
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
      else tellIn(again, words.account.verificationSent);
    },
    again,
  );
  const form = byId('change-email', HTMLFormElement);
  onSubmit(form, async ({ email: address = '', password }) => {
    const { status: answered } = await call('PUT', '/me/email', { email: address, password });
    form.reset();
    const isSame = answered === 204;
    tellDone(
      byId('email', HTMLDetailsElement),
      isSame ? words.account.emailSame : words.account.emailWaiting(address),
    );
    if (!isSame) byId('email-waiting', HTMLElement).hidden = true;
  });
}

/** Says that a change of address waits: the API names it in the activity only, without the address. */
export function tellOfWaitingChange(): void {
  const waiting = byId('email-waiting', HTMLElement);
  waiting.textContent = words.account.changeWaits;
  waiting.hidden = false;
}
