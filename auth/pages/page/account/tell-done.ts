import { tellIn } from '../../alerts';

/** Closes a part of the page once its form has done its work, and says so above it. */
export function tellDone(part: HTMLDetailsElement, text: string): void {
  part.open = false;
  part.querySelector('summary')?.focus();
  const card = part.closest('section');
  if (card) tellIn(card, text);
}
