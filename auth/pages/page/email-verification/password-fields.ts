import { byId, el } from '../../dom';
import { watchPasswords } from '../../show-password';
import { usernameField } from '../../username';
import { words } from '../../words/words';

/** Asks for the password of the account of a link. @returns the field */
export function askForPassword(form: HTMLFormElement, why: string): HTMLInputElement {
  const field = passwordField(words.fields.password, 'current-password', {
    'data-hint': 'why',
    'aria-describedby': 'why',
  });
  return addFields(form, el('p', { id: 'why' }, why), field);
}

/** Asks for the password that a new account gets. @returns the field */
export function askForNewPassword(form: HTMLFormElement): HTMLInputElement {
  const label = el('label', { for: 'name' }, words.fields.optionalName);
  const name = el('input', { id: 'name', name: 'name', autocomplete: 'name', dir: 'auto' });
  return addFields(
    form,
    el('div', { class: 'field' }, label, name),
    passwordField(words.fields.newPassword, 'new-password'),
  );
}

const passwordField = (
  label: string,
  autocomplete: string,
  described: Readonly<Record<string, string>> = {},
): HTMLElement =>
  el(
    'div',
    { class: 'field' },
    el('label', { for: 'password' }, label),
    el('input', {
      id: 'password',
      name: 'password',
      type: 'password',
      autocomplete,
      required: true,
      ...described,
    }),
  );

function addFields(form: HTMLFormElement, ...fields: HTMLElement[]): HTMLInputElement {
  form.prepend(usernameField(), ...fields);
  watchPasswords(form);
  return byId('password', HTMLInputElement);
}
