import { call, currentUser, type Answer } from './api';
import { ask } from './dialog';
import { el } from './dom';
import { Refusal } from './refusal';
import { usernameField } from './username';
import { words } from './words/words';

/**
 * Like `call`. Where the service wants a password that was given recently, it is asked for here, and the request sent again.
 * @throws {Cancelled} if the person gives none
 */
export async function callFresh<T = undefined>(...request: Parameters<typeof call>): Promise<Answer<T>> {
  try {
    return await call<T>(...request);
  } catch (error) {
    if (!(error instanceof Refusal) || !error.is('fresh_authentication_required')) throw error;
    await confirmPassword();
    return call<T>(...request);
  }
}

async function confirmPassword(): Promise<void> {
  // As it is now: another tab may have changed it. The dialog works without it too.
  const user = await currentUser().catch(() => null);
  const { title, text, button } = words.confirm;
  return ask({
    title,
    text,
    button,
    fields: [usernameField(user?.email), passwordField()],
    act: async ({ password }) => {
      await call('POST', '/me/confirm-password', { password });
    },
  });
}

const passwordField = (): HTMLElement =>
  el(
    'div',
    { class: 'field' },
    el('label', { for: 'confirm-password' }, words.fields.currentPassword),
    el('input', {
      id: 'confirm-password',
      name: 'password',
      type: 'password',
      autocomplete: 'current-password',
      required: true,
      autofocus: true,
    }),
  );
