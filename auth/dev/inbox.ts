import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';

// A mail server for development: it takes every mail, delivers none, and shows them on a local page and as JSON.

export interface ReceivedMail {
  to: string;
  from: string;
  subject: string;
  messageId: string;
  receivedAt: string;
  text: string;
  html: string;
  /** The link in it, and the token that the link carries. */
  link?: string;
  token?: string;
}

export interface Inbox {
  smtpUrl: string;
  pageUrl: string;
  /** The last of them last. */
  mails: ReceivedMail[];
  /** Waits for such a mail, up to 30 s, and takes it out. */
  take: (wanted: (mail: ReceivedMail) => boolean) => Promise<ReceivedMail>;
  close: () => Promise<void>;
}

export interface InboxOptions {
  /** 0 for any that is free. */
  smtpPort: number;
  pagePort: number;
  /** Where to listen: this machine alone, unless told otherwise. */
  host?: string;
  /** Told of each mail in one line. */
  say?: (line: string) => void;
}

const mostMails = 500;
const mostTakeMs = 30_000;

export async function startInbox({
  smtpPort,
  pagePort,
  host = '127.0.0.1',
  say = () => undefined,
}: InboxOptions): Promise<Inbox> {
  const mails: ReceivedMail[] = [];
  const given = new WeakSet<ReceivedMail>();
  const readers = new Set<() => void>();
  const smtp = new SMTPServer({
    disabledCommands: ['STARTTLS', 'AUTH'],
    // The name of whoever sends is shown nowhere, and looking it up would keep each greeting waiting.
    disableReverseLookup: true,
    onData: (stream, _session, done) => {
      simpleParser(stream).then((parsed) => {
        const mail = received(parsed);
        mails.push(mail);
        if (mails.length > mostMails) mails.shift();
        say(`mail to ${mail.to}: ${mail.subject}${mail.link === undefined ? '' : ` ${mail.link}`}`);
        for (const read of readers) read();
        done();
      }, done);
    },
  });
  // A client that breaks off, as a process does that is killed, is no reason to end.
  smtp.on('error', (error) => {
    say(`a connection broke off: ${error.message}`);
  });
  const page = createServer((req, res) => {
    const [path = '', query] = (req.url ?? '').split('?', 2);
    const to = new URLSearchParams(query).get('to');
    const shown = mails.filter((mail) => to === null || mail.to === to);
    const answer = path === '/token' ? nextToken(shown) : answers[path]?.(shown);
    res.setHeader('Cache-Control', 'no-store');
    res.setHeader('Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'");
    if (answer) res.setHeader('Content-Type', `${answer.type}; charset=utf-8`).end(answer.body);
    else res.writeHead(404).end();
  });
  await listen(smtp, smtpPort, host);
  await listen(page, pagePort, host);

  /** For `TOKEN=$(curl …)`: the last one that was not given yet, so that asking again waits for the next. */
  function nextToken(shown: ReceivedMail[]): Answer | undefined {
    const mail = shown.findLast((one) => one.token !== undefined && !given.has(one));
    if (!mail) return undefined;
    given.add(mail);
    return { type: 'text/plain', body: mail.token ?? '' };
  }

  const take = (wanted: (mail: ReceivedMail) => boolean): Promise<ReceivedMail> =>
    new Promise((resolve, reject) => {
      const read = (): void => {
        const mail = mails.find(wanted);
        if (!mail) return;
        mails.splice(mails.indexOf(mail), 1);
        clearTimeout(limit);
        readers.delete(read);
        resolve(mail);
      };
      const limit = setTimeout(() => {
        readers.delete(read);
        reject(
          new Error(`no such mail among: ${mails.map(({ to, subject }) => `${to} ${subject}`).join(', ')}`),
        );
      }, mostTakeMs);
      readers.add(read);
      read();
    });
  return {
    smtpUrl: `smtp://${host}:${portOf(smtp.server)}`,
    pageUrl: `http://localhost:${portOf(page)}`,
    mails,
    take,
    close: async () => {
      page.closeAllConnections();
      await Promise.all([
        new Promise((closed) => page.close(closed)),
        new Promise<void>((closed) => {
          smtp.close(closed);
        }),
      ]);
    },
  };
}

function received(parsed: Awaited<ReturnType<typeof simpleParser>>): ReceivedMail {
  const text = parsed.text ?? '';
  const [, link, token] = /^(https?:\/\/\S+#token=(\S+))$/m.exec(text) ?? [];
  const [to] = [parsed.to ?? []].flat();
  return {
    to: to?.text ?? '',
    from: parsed.from?.text ?? '',
    subject: parsed.subject ?? '',
    messageId: parsed.messageId ?? '',
    receivedAt: new Date().toISOString(),
    text,
    html: parsed.html === false ? '' : (parsed.html ?? ''),
    ...(link !== undefined && token !== undefined && { link, token }),
  };
}

interface Answer {
  type: string;
  body: string;
}

const answers: Readonly<Record<string, (mails: ReceivedMail[]) => Answer>> = {
  '/': (mails) => ({ type: 'text/html', body: list(mails) }),
  '/mails': (mails) => ({ type: 'application/json', body: JSON.stringify({ mails }, null, 2) }),
};

const list = (mails: ReceivedMail[]): string =>
  `<!doctype html><html lang="en"><title>Inbox</title><style>body{font-family:sans-serif;max-width:50em;margin:2em auto}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#f4f4f4;padding:1em}</style><h1>Inbox</h1>
<p>As JSON: <a href="/mails">/mails</a>; the last token, each once: <code>/token</code>; both take <code>?to=address</code>.</p>
${mails.length === 0 ? '<p>No mail yet.</p>' : ''}${[...mails].reverse().map(entry).join('\n')}</html>`;

const entry = ({ to, subject, receivedAt, text }: ReceivedMail): string =>
  `<h2>${escape(subject)}</h2><p>to ${escape(to)}, ${receivedAt}</p><pre>${escape(text)}</pre>`;

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

function listen(server: SMTPServer | Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      resolve();
    });
  });
}

const portOf = (server: { address: () => unknown }): number => (server.address() as AddressInfo).port;

async function main(): Promise<void> {
  const say = (line: string): void => void process.stdout.write(`inbox: ${line}\n`);
  const smtpPort = Number(process.env['INBOX_SMTP_PORT'] ?? 1025);
  const pagePort = Number(process.env['INBOX_PORT'] ?? 8025);
  const inbox = await startInbox({ smtpPort, pagePort, host: process.env['INBOX_HOST'] ?? '127.0.0.1', say });
  say(`takes mail at ${inbox.smtpUrl}, shows it at ${inbox.pageUrl}`);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void inbox.close());
}

// Alone, as `npm run inbox`.
if (require.main === module) void main();
