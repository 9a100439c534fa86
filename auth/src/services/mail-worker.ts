import type { Logger } from 'pino';
import type { MailModel, MailRecord } from '../models/mail';
import type { Letters } from './letters';
import { MailRefusedError, type SendMail } from './smtp';

export interface MailWorkerOptions {
  mails: MailModel;
  letters: Letters;
  send: SendMail;
  logger: Logger;
  now: () => Date;
  /** Milliseconds between looks at an empty outbox. */
  pollMs?: number;
  /** Milliseconds after a first failure; twice as long after each one more. */
  firstRetryMs?: number;
}

// Longer than a try can take: see smtp.ts. After it, the try of a process that died is another's to make.
const leaseMs = 2 * 60_000;
const mostRetryMs = 60 * 60_000;
// With the waits between them: a mail server may be away for three hours.
const mostAttempts = 12;
const day = 24 * 60 * 60_000;
const keptMs = { sent: 7 * day, parked: 30 * day };

/**
 * Sends what waits in the outbox, one mail at a time; of several processes, each mail is one's. A mail goes out twice
 * only where a process dies, or loses its database, between the mail server's yes and the note of it.
 */
export class MailWorker {
  #running: Promise<void> | undefined;
  #wake: () => void = () => undefined;
  #stopping = false;

  constructor(private readonly options: MailWorkerOptions) {}

  start(): void {
    this.#stopping = false;
    this.#running ??= this.#run();
  }

  /** Resolves when the mail that is being sent, if there is one, is done with. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#wake();
    await this.#running;
    this.#running = undefined;
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      const sentOne = await this.#sendNext().catch((err: unknown) => {
        this.options.logger.warn({ err, event: 'outbox_not_read' }, 'outbox not read');
        return false;
      });
      if (!sentOne && !this.#isStopping()) await this.#pause();
    }
  }

  /** Whether there was a mail to be sent. */
  async #sendNext(): Promise<boolean> {
    const { mails, now } = this.options;
    const mail = await mails.claim(now(), leaseMs);
    if (!mail) return false;
    try {
      // The try before this one was the last, and its process died of it or in it.
      if (mail.attempts > mostAttempts) throw new Error('No try came to an end');
      await this.#send(mail);
    } catch (err) {
      await this.#fail(mail, err);
    }
    return true;
  }

  async #send(mail: MailRecord): Promise<void> {
    const { mails, letters, send, logger } = this.options;
    const about = { mailId: mail._id, kind: mail.kind };
    const letter = await letters.write(mail);
    if (letter) {
      await send(letter, { to: mail.to, id: mail._id.toHexString() });
      await mails.finish(mail, { status: 'sent', expiresAt: this.#in(keptMs.sent) });
      logger.info({ event: 'mail_sent', ...about }, 'mail sent');
    } else {
      await mails.deleteOne({ _id: mail._id });
      logger.info({ event: 'mail_dropped', ...about, reason: 'nobody to write to' }, 'mail dropped');
    }
  }

  async #fail(mail: MailRecord, err: unknown): Promise<void> {
    const { mails, logger, firstRetryMs = 10_000 } = this.options;
    const about = { err, mailId: mail._id, kind: mail.kind, attempts: mail.attempts };
    const lastError = (err instanceof Error ? err.message : 'unknown').slice(0, 300);
    const refused = err instanceof MailRefusedError;
    if (refused || mail.attempts >= mostAttempts) {
      // Whoever mistypes an address brings about a refusal: that is nothing for an operator to look into.
      logger[refused ? 'warn' : 'error']({ event: 'mail_parked', ...about }, 'mail parked');
      await mails.finish(mail, { status: 'parked', lastError, expiresAt: this.#in(keptMs.parked) });
    } else {
      const retryInMs = Math.min(firstRetryMs * 2 ** (mail.attempts - 1), mostRetryMs);
      logger.warn({ event: 'mail_failed', ...about, retryInMs }, 'mail failed');
      await mails.finish(mail, { status: 'pending', lastError, dueAt: this.#in(retryInMs) });
    }
  }

  #in(ms: number): Date {
    return new Date(this.options.now().getTime() + ms);
  }

  #isStopping(): boolean {
    return this.#stopping;
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.options.pollMs ?? 1000);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
