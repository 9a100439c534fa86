import { el } from './dom';

/**
 * Tells password managers which account the password of a form belongs to. People do not see it. Where the page does not
 * know the account, a manager may fill in the address itself, and the page once it has learned it.
 */
export function addUsername(form: HTMLFormElement, email = ''): void {
  form.prepend(usernameField(email));
}

/** The same field, for a form that is yet to be made. */
export const usernameField = (email = ''): HTMLInputElement =>
  el('input', {
    class: 'hidden',
    name: 'username',
    type: 'email',
    autocomplete: 'username',
    value: email,
    readonly: email !== '',
    tabindex: '-1',
    'aria-hidden': 'true',
  });

/** The field of a form that names the account, seen or not. */
export const usernameIn = (form: HTMLFormElement | null): HTMLInputElement | undefined =>
  form?.querySelector<HTMLInputElement>('input[autocomplete=username]') ?? undefined;
