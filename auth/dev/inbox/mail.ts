import type { ParsedMail } from 'mailparser';

export interface ReceivedMail {
  /** Counts up from 1. */
  number: number;
  to: string;
  from: string;
  subject: string;
  messageId: string;
  receivedAt: string;
  text: string;
  html: string;
  /** The first link that carries a token, and that token. */
  link?: string;
  token?: string;
}

export function describeMail(parsed: ParsedMail, number: number): ReceivedMail {
  const text = parsed.text ?? '';
  const [, link, token] = /^(https?:\/\/\S+#token=(\S+))$/m.exec(text) ?? [];
  const [to] = [parsed.to ?? []].flat();
  return {
    number,
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
