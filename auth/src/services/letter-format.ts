import type { Letter } from './smtp';

/** What a letter says, before it has a form. */
export interface Draft {
  subject: string;
  /** Paragraphs. Nothing in them was chosen by whoever may have made us write, but addresses that were validated. */
  says: string[];
  link?: { page: 'email-verification' | 'password-reset'; token: string };
}

/** A draft as text and as HTML. */
export function format({ subject, says, link }: Draft, publicUrl: URL): Letter {
  const href = link && hrefOf(link, publicUrl);
  const text = [...says, ...(href === undefined ? [] : [href])].join('\n\n');
  const paragraphs = says.map((line) => `<p>${escape(line)}</p>`);
  if (href !== undefined) paragraphs.push(`<p><a href="${escape(href)}">${escape(subject)}</a></p>`);
  const html = `<!doctype html><html lang="en"><body>${paragraphs.join('')}</body></html>`;
  return { subject, text: `${text}\n`, html };
}

/** A page of the front end, which sends the token on by POST. As a fragment it reaches no server, log or referrer. */
const hrefOf = ({ page, token }: NonNullable<Draft['link']>, publicUrl: URL): string =>
  new URL(`/${page}#token=${token}`, publicUrl).href;

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escape = (text: string): string => text.replace(/[&<>"]/g, (sign) => entities[sign] ?? sign);
