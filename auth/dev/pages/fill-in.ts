import { escapeHtml } from '../../src/escape-html';

/** What the places of a page stand for. */
export type Places = Readonly<Record<string, unknown>>;

/** What the service fills in when it runs. */
const left = ['settings', 'product'];

/**
 * Replaces each place of a page, such as `{{words.signIn.title}}`, by its text. `{{words.titles.[page]}}` is the one of
 * the page.
 * @throws {Error} naming the first place for which there is no text
 */
export function fillIn(html: string, places: Places, file: string): string {
  return html.replaceAll(/\{\{([\w.[\]-]+)\}\}/g, (place, name: string) => {
    if (left.includes(name)) return place;
    const text = name.split('.').reduce<unknown>((value, key) => valueAt(value, key, places), places);
    if (typeof text !== 'string') throw new Error(`${file}: there is no text for ${place}`);
    return escapeHtml(text);
  });
}

function valueAt(value: unknown, key: string, places: Places): unknown {
  const name = key === '[page]' ? String(places['page']) : key;
  return typeof value === 'object' && value !== null ? (value as Places)[name] : undefined;
}
