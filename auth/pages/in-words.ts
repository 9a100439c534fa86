import { Refusal, type Fault } from './refusal';
import { settings } from './settings';
import { words } from './words/words';

/** What to tell a person of a failure. */
export function inWords(error: unknown): string {
  if (!(error instanceof Refusal)) return words.errors.internal;
  return error.faults.map(faultInWords).join(' ');
}

/** By its code; where this page does not know that, as the service says it. */
export function faultInWords({ code, message, field }: Fault): string {
  // Whoever is signed in gives the password alone.
  if (code === 'invalid_credentials' && field !== undefined) return words.confirm.wrong;
  const known: Readonly<Record<string, string | ((facts: typeof settings) => string)>> = words.errors;
  const text = Object.hasOwn(known, code) ? known[code] : (message ?? words.errors.internal);
  return typeof text === 'function' ? text(settings) : (text ?? words.errors.internal);
}
