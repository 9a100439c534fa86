import { call, currentUser, type Answer } from './api';
import { ask } from './dialog';
import { passwordField } from './password-field';
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
  const field = passwordField({
    id: 'confirm-password',
    label: words.fields.currentPassword,
    autocomplete: 'current-password',
    attributes: { autofocus: true },
  });
  return ask({
    title,
    text,
    button,
    fields: [usernameField(user?.email), field],
    act: async ({ password }) => {
      await call('POST', '/me/confirm-password', { password });
    },
  });
}
