import { createTransport } from 'nodemailer';

export interface Letter {
  subject: string;
  text: string;
  html: string;
}

/** The mail server's no for good to one mail, whose address is nobody's: to ask again would change nothing. */
export class MailRefusedError extends Error {
  override readonly name = 'MailRefusedError';
}

/**
 * Hands a letter to the mail server.
 * @throws {MailRefusedError} where the server says that the address is no good
 * @throws {Error} where it is not taken for another reason
 */
export type SendMail = (letter: Letter, envelope: { to: string; id: string }) => Promise<void>;

export interface SmtpOptions {
  /** `smtp://` (STARTTLS where the server has it) or `smtps://`, with user and password where it asks for them. */
  url: URL;
  /** `Name <address>` or an address. */
  from: string;
  /** Milliseconds after which a mail is given up, whatever the server says meanwhile. */
  mostMs?: number;
}

// Each is the wait for one answer.
const limits = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 15_000 };

/** Sends over SMTP (RFC 5321), a connection for each mail. */
export function smtp({ url, from, mostMs = 90_000 }: SmtpOptions): SendMail {
  const transport = createTransport({ url: url.href, ...limits }, { from });
  const domain = from.slice(from.lastIndexOf('@') + 1).replace('>', '');
  return async ({ subject, text, html }, { to, id }) => {
    // Every try of a mail has the same Message-ID, by which a mailbox knows that it has it already (RFC 5322, 3.6.4).
    const sending = transport.sendMail({
      ...{ to, subject, text, html },
      messageId: `<${id}@${domain}>`,
      headers: { 'Auto-Submitted': 'auto-generated' },
      disableFileAccess: true,
      disableUrlAccess: true,
      signal: AbortSignal.timeout(mostMs),
    });
    await sending.catch((error: unknown) => {
      throw isRefusal(error) ? new MailRefusedError(error.message, { cause: error }) : error;
    });
  };
}

// What names the recipient's address (RFC 3463, 3.2). Every other no may be one to us, also where it comes in answer to a
// recipient: a relay that does not know us, a quota. Those are tried again, and looked into when they last.
const isRefusal = (error: unknown): error is Error =>
  error instanceof Error &&
  'response' in error &&
  /^5\d\d[ -]5\.1\.(?:[0-6]|10)\b/.test(String(error.response));
