import { createTransport } from 'nodemailer';

export interface Letter {
  subject: string;
  text: string;
  html: string;
}

/** The mail server's no for good to one mail (RFC 5321, 4.2.1): to ask again would change nothing. */
export class MailRefusedError extends Error {
  override readonly name = 'MailRefusedError';
}

/**
 * Hands a letter to the mail server.
 * @throws {MailRefusedError} where the server refuses that letter or its recipient for good
 * @throws {Error} where it is not taken for another reason
 */
export type SendMail = (letter: Letter, envelope: { to: string; id: string }) => Promise<void>;

export interface SmtpOptions {
  /** `smtp://` (STARTTLS where the server has it) or `smtps://`, with user and password where it asks for them. */
  url: URL;
  /** `Name <address>` or an address. */
  from: string;
}

// Each is the wait for one answer.
const limits = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 15_000 };

/** Sends over SMTP (RFC 5321), a connection for each mail. */
export function smtp({ url, from }: SmtpOptions): SendMail {
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
    });
    await sending.catch((error: unknown) => {
      throw isRefusal(error) ? new MailRefusedError(error.message, { cause: error }) : error;
    });
  };
}

// A no to us, by the greeting, to the sign-in or to the sender's address, is no fault of the one mail.
const isRefusal = (error: unknown): error is Error =>
  error instanceof Error &&
  'responseCode' in error &&
  Number(error.responseCode) >= 500 &&
  'command' in error &&
  ['RCPT TO', 'DATA'].includes(String(error.command));
