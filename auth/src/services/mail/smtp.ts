import { createTransport } from 'nodemailer';
import { parseSender } from './sender';

export interface Letter {
  subject: string;
  text: string;
  html: string;
}

/** The mail server permanently refuses the recipient's address. Trying again would change nothing. */
export class MailRefusedError extends Error {
  override readonly name = 'MailRefusedError';
}

/** A mail server, as the mail worker uses it. */
export interface Mailer {
  /**
   * Hands a letter to the mail server.
   * @throws {MailRefusedError} where the server refuses the address for good
   * @throws {Error} where sending fails for another reason
   */
  send: (letter: Letter, envelope: Envelope) => Promise<void>;
  /** Closes the open connections that are idle. A later `send` opens new ones. */
  close: () => void;
}

export interface Envelope {
  to: string;
  /** The local part of the Message-ID: the same for the same letter only (RFC 5322, section 3.6.4). */
  id: string;
  /** Whether many letters wait. Then a connection is used for several. */
  inBacklog: boolean;
}

/** How many letters are sent at the same time. */
export const maxConnections = 5;

export interface SmtpOptions {
  /** `smtp://` (STARTTLS if the server offers it) or `smtps://`, with user and password if the server needs them. */
  url: URL;
  /** As `parseSender` reads it. */
  from: string;
  /** Milliseconds after which an attempt ends, however the server responds. */
  maxMs?: number;
}

// Each bounds the wait for one answer.
const timeouts = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 15_000 };

const pooled = {
  pool: true,
  maxConnections,
  idleTimeout: 1000,
  // The worker tries again, and records it.
  maxRequeues: 0,
} as const;

/**
 * Sends over SMTP (RFC 5321), a letter over a connection of its own unless many wait: over an open connection it would
 * arrive sooner, and that would reveal that the letter before it was sent to somebody (enumeration).
 */
export function smtp({ url, from, maxMs = 90_000 }: SmtpOptions): Mailer {
  // Addresses are handed over in parts: a text would be read as a list of them, with groups and comments.
  const sender = parseSender(from);
  if (!sender) throw new Error('No sender');
  const options = { url: url.href, ...timeouts };
  const single = createTransport({ ...options, pool: false }, { from: sender });
  const openPool = () => createTransport({ ...options, ...pooled }, { from: sender });
  let pool: ReturnType<typeof openPool> | undefined;
  const domain = sender.address.slice(sender.address.lastIndexOf('@') + 1);
  return {
    send: async ({ subject, text, html }, { to, id, inBacklog }) => {
      const letter = {
        to: { name: '', address: to },
        subject,
        text,
        html,
        messageId: `<${id}@${domain}>`,
        headers: { 'Auto-Submitted': 'auto-generated' },
        disableFileAccess: true,
        disableUrlAccess: true,
        signal: AbortSignal.timeout(maxMs),
      };
      const sending = inBacklog ? (pool ??= openPool()).sendMail(letter) : single.sendMail(letter);
      await sending.catch((error: unknown) => {
        throw isRefusal(error) ? new MailRefusedError(error.message, { cause: error }) : error;
      });
    },
    close: () => {
      pool?.close();
      pool = undefined;
    },
  };
}

// Only a status about the recipient's address counts (RFC 3463, section 3.2). Other refusals may be about us, even in
// answer to a recipient: an unknown relay, a quota. Those are tried again, and reported if they last.
const isRefusal = (error: unknown): error is Error =>
  error instanceof Error &&
  ('response' in error
    ? /^5\d\d[ -]5\.1\.(?:[0-6]|10)\b/.test(String(error.response))
    : // An address from elsewhere that is none.
      'code' in error && error.code === 'EENVELOPE');
