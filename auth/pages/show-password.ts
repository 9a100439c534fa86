import { charactersIn } from '../src/input-limits';
import { el } from './dom';
import { settings } from './settings';
import { words } from './words/words';

/** Gives each password of the page a button that shows it, and each new one words about its length. */
export function watchPasswords(within: ParentNode = document): void {
  for (const input of within.querySelectorAll<HTMLInputElement>('input[type=password]')) {
    addButton(input);
    if (input.autocomplete === 'new-password') addLength(input);
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

/** The service has further rules, and says them when the form is sent. */
function addLength(input: HTMLInputElement): void {
  const id = `${input.id}-hint`;
  const { passwordMinCharacters: min } = settings;
  const hint = el('p', { class: 'hint', id }, words.password.atLeast(min));
  input.dataset['hint'] = id;
  input.setAttribute('aria-describedby', id);
  input.closest('.field')?.append(hint);
  input.addEventListener('input', () => {
    const missing = min - charactersIn(input.value.normalize('NFC'));
    if (input.value === '') hint.textContent = words.password.atLeast(min);
    else hint.textContent = missing > 0 ? words.password.missing(missing) : words.password.longEnough;
    hint.classList.toggle('good', input.value !== '' && missing <= 0);
  });
}
