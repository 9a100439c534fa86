import { once } from './action';
import { alertIn, clearAlert } from './alerts';
import { el, focusOn } from './dom';
import { faultInWords } from './in-words';
import { Refusal } from './refusal';
import { words } from './words/words';

export type Values = Readonly<Record<string, string>>;

/**
 * Sends a form by a script, one request at a time. What is refused is said beside its field, else at the top of the form,
 * and what was typed stays.
 * @throws {Error} if the form has no button
 */
export function onSubmit(form: HTMLFormElement, send: (values: Values) => Promise<void>): void {
  const button = form.querySelector<HTMLButtonElement>('button[type=submit]');
  if (!button) throw new Error('the form has no button');
  const attempt = once({
    button,
    place: form,
    act: () => send(valuesOf(form)),
    tell: (error) => {
      tellFaults(form, error, button);
    },
  });
  form.addEventListener('input', ({ target }) => {
    if (!(target instanceof HTMLInputElement)) return;
    clearFault(target);
    // With another address there may be nothing to wait for.
    if (target.type !== 'email') return;
    clearAlert(form);
    button.removeAttribute('aria-disabled');
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    clearFaults(form);
    if (hasAll(form)) void attempt();
  });
}

const valuesOf = (form: HTMLFormElement): Values =>
  Object.fromEntries(
    [...new FormData(form)].map(([name, value]) => [name, typeof value === 'string' ? value : '']),
  );

const inputsOf = (form: HTMLFormElement): HTMLInputElement[] => [
  ...form.querySelectorAll<HTMLInputElement>('input[name]:enabled'),
];

/** Whether no field is empty that must not be. The service checks everything else. */
function hasAll(form: HTMLFormElement): boolean {
  const missing = inputsOf(form).filter(({ required, value }) => required && value.trim() === '');
  for (const input of missing)
    sayBeside(input, words.missing[input.type === 'password' ? 'password' : 'other']);
  missing[0]?.focus();
  return missing.length === 0;
}

function tellFaults(form: HTMLFormElement, error: unknown, button: HTMLButtonElement): void {
  const faults = error instanceof Refusal ? error.faults : [];
  const inputs = inputsOf(form);
  const beside = inputs.flatMap((input) => {
    const own = faults.filter(({ field }) => field === input.name);
    if (own.length > 0) sayBeside(input, own.map(faultInWords).join(' '));
    return own.length > 0 ? [input] : [];
  });
  const fields = beside.map(({ name }) => name);
  const others = faults.filter(({ field }) => field === undefined || !fields.includes(field));
  beside[0]?.focus();
  if (others.length === 0 && beside.length > 0) return;
  const rest = error instanceof Refusal ? new Refusal(others, error.retryAfter) : error;
  const alert = alertIn(form, rest, button);
  if (beside.length === 0) focusOn(alert);
}

function sayBeside(input: HTMLInputElement, text: string): void {
  const id = `${input.id}-error`;
  const error = el('p', { class: 'error', id }, text);
  (input.closest('.field') ?? input).append(error);
  input.setAttribute('aria-invalid', 'true');
  input.setAttribute('aria-describedby', [input.dataset['hint'], id].filter(Boolean).join(' '));
}

function clearFaults(form: HTMLFormElement): void {
  for (const input of inputsOf(form)) clearFault(input);
}

function clearFault(input: HTMLInputElement): void {
  document.getElementById(`${input.id}-error`)?.remove();
  input.removeAttribute('aria-invalid');
  const { hint } = input.dataset;
  if (hint === undefined) input.removeAttribute('aria-describedby');
  else input.setAttribute('aria-describedby', hint);
}
