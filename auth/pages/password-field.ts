import { el, type Attributes } from './dom';

interface PasswordField {
  id: string;
  label: string;
  autocomplete: 'current-password' | 'new-password';
  /** Further attributes of the input. */
  attributes?: Attributes;
}

/** A labelled field for a password, for a form that is yet to be made. */
export const passwordField = ({ id, label, autocomplete, attributes }: PasswordField): HTMLElement =>
  el(
    'div',
    { class: 'field' },
    el('label', { for: id }, label),
    el('input', { id, name: 'password', type: 'password', autocomplete, required: true, ...attributes }),
  );
