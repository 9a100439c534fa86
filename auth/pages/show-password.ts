import { el } from './dom';
import { sayRules } from './new-password';
import { words } from './words/words';

/** Gives each password of the page a button that shows it, and each new one words about its rules. */
export function watchPasswords(within: ParentNode = document): void {
  for (const input of within.querySelectorAll<HTMLInputElement>('input[type=password]')) {
    addButton(input);
    if (input.autocomplete === 'new-password') sayRules(input);
  }
}

function addButton(input: HTMLInputElement): void {
  const button = el('button', { type: 'button', class: 'show', 'aria-pressed': 'false' }, words.common.show);
  button.setAttribute('aria-controls', input.id);
  button.addEventListener('click', () => {
    const isShown = input.type === 'password';
    input.type = isShown ? 'text' : 'password';
    button.setAttribute('aria-pressed', String(isShown));
    button.textContent = isShown ? words.common.hide : words.common.show;
  });
  // A browser keeps no password of a field that is shown when the form is sent.
  input.form?.addEventListener('submit', () => {
    if (input.type === 'text') button.click();
  });
  const row = el('span', { class: 'password' });
  input.replaceWith(row);
  row.append(input, button);
}
