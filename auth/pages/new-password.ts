import { brokenShapeRule, missingCharacters } from '../src/password-shape';
import { el } from './dom';
import { faultInWords } from './in-words';
import { settings } from './settings';
import { usernameIn } from './username';
import { words } from './words/words';

// A pause between two keys that is longer than this is the end of typing, for people who hear the page.
const pauseMs = 1000;

/**
 * Says below a new password, while it is typed, which rule of the service it breaks. Whether it is on a list, the service
 * says when the form is sent.
 */
export function sayRules(input: HTMLInputElement): void {
  const id = `${input.id}-hint`;
  const hint = el('p', { class: 'hint', id }, words.password.atLeast(settings.passwordMinCharacters));
  const spoken = el('span', { class: 'hidden', role: 'status' });
  input.dataset['hint'] = id;
  input.setAttribute('aria-describedby', id);
  input.closest('.field')?.append(hint, spoken);
  let pause: ReturnType<typeof setTimeout> | undefined;
  const say = (): void => {
    const { text, isGood } = verdictOn(input.value, usernameIn(input.form)?.value ?? '');
    hint.textContent = text;
    hint.classList.toggle('good', isGood);
    clearTimeout(pause);
    pause = setTimeout(() => {
      const said = input.value === '' ? '' : text;
      if (spoken.textContent !== said) spoken.textContent = said;
    }, pauseMs);
  };
  // Also as the address is typed: the password must not be made of it.
  input.form?.addEventListener('input', say);
  // The fields are empty right after it.
  input.form?.addEventListener('reset', () => setTimeout(say));
}

function verdictOn(password: string, address: string): { text: string; isGood: boolean } {
  const { passwordProfile: profile, passwordMinCharacters, productName } = settings;
  if (password === '') return { text: words.password.atLeast(passwordMinCharacters), isGood: false };
  const missing = missingCharacters(password, profile);
  if (missing > 0) return { text: words.password.missing(missing), isGood: false };
  const broken = brokenShapeRule(password, profile, { email: address.trim(), productName });
  if (broken) return { text: faultInWords({ code: broken }), isGood: false };
  const { longEnough, listIsAsked } = words.password;
  return { text: profile === 'strict' ? `${longEnough} ${listIsAsked}` : longEnough, isGood: true };
}
