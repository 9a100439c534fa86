import { createHash } from 'node:crypto';
import type { ReceivedMail } from './mail';

// Shows what came since, without loading the page again, and clears the inbox.
const script = `
const refresh = async () => {
  const page = new DOMParser().parseFromString(await (await fetch(location.href)).text(), 'text/html');
  const shown = document.querySelector('main');
  const now = page.querySelector('main');
  const kept = new Map([...shown.children].map((mail) => [mail.id, mail]));
  const wanted = new Set([...now.children].map((mail) => mail.id));
  for (const [id, mail] of kept) if (!wanted.has(id)) mail.remove();
  shown.prepend(...[...now.children].filter((mail) => !kept.has(mail.id)));
};
const events = new EventSource('/events');
events.onmessage = refresh;
events.onopen = refresh;
document.querySelector('button').onclick = () => fetch('/mails', { method: 'DELETE' });
`;

const sha256 = createHash('sha256').update(script).digest('base64');

/** A mail can run no script, load nothing and send nothing; only the page's own script may. */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "style-src 'unsafe-inline'",
  `script-src 'sha256-${sha256}'`,
  "connect-src 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const style = `
:root{color-scheme:light dark}
body{font-family:sans-serif;max-width:50em;margin:2em auto;padding:0 1em}
pre{white-space:pre-wrap;overflow-wrap:anywhere;border:1px solid #8884;padding:1em}
iframe{width:100%;height:30em;box-sizing:border-box;border:1px solid #8884;background:#fff;resize:vertical}
main:not(:empty)+p{display:none}
`;

/** The page with these mails, the newest first. */
export const renderPage = (mails: readonly ReceivedMail[]): string =>
  `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Inbox</title><style>${style}</style>
<h1>Inbox</h1>
<p>The mails as JSON: <a href="/mails">/mails</a>. The newest token, each once: <code>/token</code>.
For one address: <code>?to=ADDRESS</code>. <button>Clear</button></p>
<main>${[...mails].reverse().map(renderMail).join('')}</main>
<p>No mail yet.</p>
<script type="module">${script}</script>
</html>
`;

// At the end of the mail, so that its doctype stays first.
const newTab = '<base target="_blank">';
const sandbox = 'allow-popups allow-popups-to-escape-sandbox';

const renderMail = ({ number, to, subject, receivedAt, text, html }: ReceivedMail): string =>
  `<article id="mail-${number}"><h2>${escape(subject)}</h2><p>to ${escape(to)}, ${receivedAt}</p>` +
  (html === ''
    ? ''
    : `<iframe title="HTML" sandbox="${sandbox}" srcdoc="${escape(html + newTab)}"></iframe>`) +
  `<pre>${withLinks(text)}</pre></article>`;

const withLinks = (text: string): string =>
  text
    .split(/(https?:\/\/[^\s<>"']+)/)
    .map((part, index) =>
      index % 2 === 0
        ? escape(part)
        : `<a href="${escape(part)}" target="_blank" rel="noreferrer">${escape(part)}</a>`,
    )
    .join('');

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
