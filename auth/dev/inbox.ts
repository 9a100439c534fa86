import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { SMTPServer } from 'smtp-server';
import { createInboxServer } from './inbox/http';
import type { ReceivedMail } from './inbox/mail';
import { Mailbox } from './inbox/mailbox';
import { createSmtpServer } from './inbox/smtp';

export type { ReceivedMail };

/** A mail server for development. It takes every mail, delivers none, and shows them on a local page and as JSON. */
export interface Inbox {
  smtpUrl: string;
  pageUrl: string;
  /** The newest last. */
  mails: ReceivedMail[];
  /** Waits up to 30 s for a mail, and removes it. */
  take: (wanted: (mail: ReceivedMail) => boolean) => Promise<ReceivedMail>;
  close: () => Promise<void>;
}

export interface InboxOptions {
  /** 0 for any free port. */
  smtpPort: number;
  pagePort: number;
  /** The address to listen on; only this machine unless set. */
  host?: string;
  /** Gets one line for each mail. */
  say?: (line: string) => void;
}

export async function startInbox({
  smtpPort,
  pagePort,
  host = '127.0.0.1',
  say = () => undefined,
}: InboxOptions): Promise<Inbox> {
  const mailbox = new Mailbox();
  const smtp = createSmtpServer((parsed) => {
    const { to, subject, link } = mailbox.add(parsed);
    say(`mail to ${to}: ${subject}${link === undefined ? '' : ` ${link}`}`);
  }, say);
  const page = createInboxServer(mailbox);
  await listen(smtp, smtpPort, host);
  await listen(page, pagePort, host);
  return {
    smtpUrl: `smtp://${host}:${portOf(smtp.server)}`,
    pageUrl: `http://localhost:${portOf(page)}`,
    mails: mailbox.mails,
    take: (wanted) => mailbox.take(wanted),
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
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
    process.once(signal, () => void inbox.close());
}

// Alone, as `npm run inbox`.
if (require.main === module) {
  main().catch((error: unknown) => {
    process.stderr.write(`inbox: ${error instanceof Error ? error.message : 'failed'}\n`);
    process.exit(1);
  });
}
