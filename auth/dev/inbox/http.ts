import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Mailbox } from './mailbox';
import { contentSecurityPolicy, renderPage } from './page';

/** Serves the page of the inbox, and the same mails to scripts. */
export function createInboxServer(mailbox: Mailbox): Server {
  return createServer((req, res) => {
    const [path = '', query = ''] = (req.url ?? '').split('?', 2);
    // In a form's encoding `+` means a space. In an address it is a plus, and people type it as it is.
    const to = new URLSearchParams(query.replaceAll('+', '%2B')).get('to') ?? undefined;
    res.setHeader('Cache-Control', 'no-store');
    res.setHeader('Content-Security-Policy', contentSecurityPolicy);
    const answer = answers[`${req.method ?? ''} ${path}`];
    if (answer) answer({ mailbox, to, req, res });
    else send(res, 404, 'text/plain', 'There is nothing here\n');
  });
}

interface Asked {
  mailbox: Mailbox;
  to: string | undefined;
  req: IncomingMessage;
  res: ServerResponse;
}

const answers: Readonly<Record<string, (asked: Asked) => void>> = {
  'GET /': ({ mailbox, to, res }) => {
    send(res, 200, 'text/html', renderPage(mailbox.to(to)));
  },
  'GET /mails': ({ mailbox, to, res }) => {
    send(res, 200, 'application/json', `${JSON.stringify({ mails: mailbox.to(to) }, null, 2)}\n`);
  },
  'GET /token': ({ mailbox, to, res }) => {
    const token = mailbox.nextToken(to);
    if (token === undefined) send(res, 404, 'text/plain', 'No new token\n');
    else send(res, 200, 'text/plain', `${token}\n`);
  },
  // A page of another origin can't send DELETE without being allowed to, which nobody is.
  'DELETE /mails': ({ mailbox, res }) => {
    mailbox.clear();
    res.writeHead(204).end();
  },
  'GET /events': ({ mailbox, req, res }) => {
    const tell = (): void => void res.write('data: change\n\n');
    res.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders();
    mailbox.on('change', tell);
    req.once('close', () => mailbox.off('change', tell));
  },
};

function send(res: ServerResponse, status: number, type: string, body: string): void {
  res.writeHead(status, { 'Content-Type': `${type}; charset=utf-8` }).end(body);
}
