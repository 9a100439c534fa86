import { el } from './dom';
import { words } from './words/words';

const format = new Intl.DateTimeFormat(words.times, { dateStyle: 'medium', timeStyle: 'short' });

/** A point in time as the person's clock shows it. */
export const time = (at: string): HTMLTimeElement =>
  el('time', { datetime: at }, format.format(new Date(at)));
