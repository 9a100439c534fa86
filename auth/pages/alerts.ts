import { el } from './dom';
import { inWords } from './in-words';
import { Refusal } from './refusal';
import { words } from './words/words';

const selector = ':scope > .alert, :scope > [role=status]';

/**
 * Says at the top of a place what went wrong. It is read out at once.
 * @param button rests for as long as the service says that it is too early to try again
 */
export function alertIn(place: HTMLElement, what: unknown, button: HTMLButtonElement): HTMLElement {
  clearAlert(place);
  const text = inWords(what);
  const alert = el('p', { class: 'alert', role: 'alert' }, text);
  insert(place, alert);
  const seconds = what instanceof Refusal ? (what.retryAfter ?? 0) : 0;
  if (seconds > 0) countDown(alert, text, seconds, button);
  return alert;
}

/** Says at the top of a place that something is done. */
export const tellIn = (place: HTMLElement, text: string): HTMLElement => status(place, text, 'notice done');

/** Says at the top of a place what a person needs to know. */
export const noteIn = (place: HTMLElement, text: string): HTMLElement => status(place, text, 'notice');

/** Says at the top of a place that something is awaited. */
export const tellOfWaiting = (place: HTMLElement): HTMLElement => noteIn(place, words.common.slow);

function status(place: HTMLElement, text: string, name: string): HTMLElement {
  clearAlert(place);
  const notice = el('p', { class: name, role: 'status' }, text);
  insert(place, notice);
  return notice;
}

export function clearAlert(place: HTMLElement): void {
  for (const alert of place.querySelectorAll(selector)) alert.remove();
}

function insert(place: HTMLElement, alert: HTMLElement): void {
  const heading = place.querySelector(':scope > h1, :scope > h2');
  if (heading) heading.after(alert);
  else place.prepend(alert);
}

/** The seconds are shown, and not read out one by one. */
function countDown(alert: HTMLElement, text: string, seconds: number, button: HTMLButtonElement): void {
  const until = Date.now() + seconds * 1000;
  const counter = el('span', { 'aria-hidden': 'true' });
  button.setAttribute('aria-disabled', 'true');
  alert.replaceChildren(text, ' ', el('span', { class: 'hidden' }, words.common.wait(seconds)), counter);
  const tick = (): void => {
    const left = Math.ceil((until - Date.now()) / 1000);
    if (left > 0 && alert.isConnected) {
      counter.textContent = words.common.wait(left);
      setTimeout(tick, 1000);
      return;
    }
    // A later alert has its own time.
    if (!alert.isConnected) return;
    button.removeAttribute('aria-disabled');
    alert.textContent = words.common.waited;
  };
  tick();
}
