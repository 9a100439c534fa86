import { Cancelled } from './action';
import { el } from './dom';
import { onSubmit, type Values } from './form';
import { watchPasswords } from './show-password';
import { words } from './words/words';

export interface Question {
  title: string;
  text: string;
  button: string;
  danger?: boolean;
  /** What to fill in. */
  fields?: HTMLElement[];
  /** Does what is asked. The dialog stays and says so if it is refused. */
  act?: (values: Values) => Promise<void>;
}

/**
 * Asks in a dialog above the page, and ends once it is done.
 * @throws {Cancelled} if the person closes the dialog
 */
export function ask({ title, text, button, danger, fields = [], act }: Question): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancel = el('button', { type: 'button' }, words.common.cancel);
    const submit = el('button', { type: 'submit', class: danger ? 'danger' : 'primary' }, button);
    const form = el(
      'form',
      { method: 'post', novalidate: true },
      ...fields,
      el('div', { class: 'row' }, submit, cancel),
    );
    const dialog = el(
      'dialog',
      { 'aria-labelledby': 'dialog-title' },
      el('h2', { id: 'dialog-title' }, title),
      el('p', {}, text),
      form,
    );
    let isDone = false;
    onSubmit(form, async (values) => {
      await act?.(values);
      isDone = true;
      dialog.close();
    });
    cancel.addEventListener('click', () => {
      dialog.close();
    });
    dialog.addEventListener('close', () => {
      dialog.remove();
      if (isDone) resolve();
      else reject(new Cancelled());
    });
    document.body.append(dialog);
    watchPasswords(dialog);
    dialog.showModal();
    if (fields.length === 0) cancel.focus();
  });
}
