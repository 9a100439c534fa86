import { byId, el } from '../../dom';
import { passwordField } from '../../password-field';
import { watchPasswords } from '../../show-password';
import type { CurrentUser } from '../../types';
import { usernameField } from '../../username';
import { words } from '../../words/words';

/**
 * Asks for the password of the account of a link.
 * @param before who is signed in, as another account
 * @returns the field
 */
export function askForPassword(
  form: HTMLFormElement,
  before: CurrentUser | null | undefined,
): HTMLInputElement {
  const why = before ? words.verify.otherAccount(before.email) : words.verify.needsPassword;
  const field = passwordField({
    id: 'password',
    label: words.fields.password,
    autocomplete: 'current-password',
    attributes: { 'data-hint': 'why', 'aria-describedby': 'why' },
  });
  return addFields(form, el('p', { id: 'why' }, why), field);
}

/** Asks for the password that a new account gets. See `askForPassword`. */
export function askForNewPassword(
  form: HTMLFormElement,
  before: CurrentUser | null | undefined,
): HTMLInputElement {
  const other = before ? el('p', {}, words.verify.newAccount(before.email)) : undefined;
  const label = el('label', { for: 'name' }, words.fields.optionalName);
  const name = el('input', { id: 'name', name: 'name', autocomplete: 'name', dir: 'auto' });
  return addFields(
    form,
    ...(other ? [other] : []),
    el('div', { class: 'field' }, label, name),
    passwordField({ id: 'password', label: words.fields.newPassword, autocomplete: 'new-password' }),
  );
}

function addFields(form: HTMLFormElement, ...fields: HTMLElement[]): HTMLInputElement {
  form.prepend(usernameField(), ...fields);
  watchPasswords(form);
  return byId('password', HTMLInputElement);
}
