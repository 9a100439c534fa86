import { createTransport } from 'nodemailer';

export interface Letter {
  subject: string;
  text: string;
  html: string;
}

/**
 * Hands a letter to the mail server.
 * @throws {Error} where it is not taken
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
  const domain = /@([^\s<>@]+)>?$/.exec(from)?.[1] ?? url.hostname;
  return async ({ subject, text, html }, { to, id }) => {
    // Every try of a mail has the same Message-ID, by which a mailbox knows that it has it already (RFC 5322, 3.6.4).
    await transport.sendMail({
      ...{ to, subject, text, html },
      messageId: `<${id}@${domain}>`,
      headers: { 'Auto-Submitted': 'auto-generated' },
      disableFileAccess: true,
      disableUrlAccess: true,
    });
  };
}
