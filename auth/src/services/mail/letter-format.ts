import { escapeHtml as escape } from '../../escape-html';
import { frame, type Words } from './letter-words';
import type { Letter } from './smtp';

export interface LetterContent {
  productName: string;
  words: Words;
  /** Where the links of the words lead, if they have any. */
  hrefs?: { use: string; decline: string } | undefined;
}

/** A letter as text and as HTML for mail clients: inline styles, no image, nothing loaded from elsewhere. */
export function format({ productName, words, hrefs }: LetterContent): Letter {
  const link = words.link &&
    hrefs && { ...words.link, href: hrefs.use, ...(words.declines && { decline: hrefs.decline }) };
  return {
    subject: words.subject,
    text: textOf(productName, words, link),
    html: htmlOf(productName, words, link),
  };
}

type Link = NonNullable<Words['link']> & { href: string; decline?: string };

function textOf(productName: string, { opening, closing }: Words, link?: Link): string {
  // The address has a line of its own, so that mail clients and the inbox of development find its end.
  const lines = link ? [`${link.button}:\n${link.href}`, frame.lifeOf(link.purpose, link.until)] : [];
  const last = link?.decline === undefined ? [] : [link.decline];
  return `${[frame.greeting, ...opening, ...lines, ...closing, ...last, productName].join('\n\n')}\n`;
}

function htmlOf(productName: string, { subject, opening, closing }: Words, link?: Link): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${escape(subject)}</title>
<style>${darkStyle}</style>
</head>
<body class="page" style="margin:0;padding:24px 16px;background:#f3f4f6">
<div class="card" style="max-width:520px;margin:0 auto;padding:24px;border-radius:8px;background:#ffffff;color:#1f2937;${font}">
<p class="quiet" style="margin:0 0 16px;color:#4b5563;font-weight:bold">${escape(productName)}</p>
<h1 style="margin:0 0 16px;font-size:22px;line-height:1.3">${escape(subject)}</h1>
${[frame.greeting, ...opening].map(paragraph).join('\n')}
${link ? htmlOfLink(link) : ''}
${closing.map(paragraph).join('\n')}
${link?.decline === undefined ? '' : htmlOfDecline(link.decline)}
</div>
</body>
</html>
`;
}

const htmlOfLink = ({ href, button, purpose, until }: Link): string =>
  `<p style="margin:24px 0"><a class="button" style="${buttonStyle}" href="${escape(href)}">${escape(button)}</a></p>
<p class="quiet" style="margin:0 0 16px;color:#4b5563;font-size:14px;overflow-wrap:anywhere;word-break:break-word">
${escape(frame.copyLink)}<br><a href="${escape(href)}">${escape(href)}</a></p>
${paragraph(frame.lifeOf(purpose, until))}`;

const htmlOfDecline = (href: string): string =>
  `<p class="quiet" style="margin:0 0 16px"><a href="${escape(href)}">${escape(frame.notMe)}</a></p>`;

const paragraph = (words: string): string =>
  `<p style="margin:0 0 16px;overflow-wrap:anywhere;word-break:break-word">${escape(words)}</p>`;

const font =
  'font-family:system-ui,-apple-system,Segoe UI,Roboto,Arial,sans-serif;font-size:16px;line-height:1.5';
const buttonStyle =
  'display:inline-block;padding:12px 24px;border-radius:6px;background:#1d4ed8;color:#ffffff;font-weight:bold;text-decoration:none';

// Inline styles win over a style sheet, unless it says !important.
const darkStyle = `
:root { color-scheme: light dark; }
@media (prefers-color-scheme: dark) {
.page { background: #111827 !important; }
.card { background: #1f2937 !important; color: #e5e7eb !important; }
.quiet { color: #9ca3af !important; }
.quiet a { color: #93c5fd !important; }
}
`;
