import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { MailModel, MailRecord } from '../../models/mail';
import type { Audit } from '../audit/audit';
import type { Metrics } from '../metrics/metrics';
import type { Letters } from './letters';
import { MailRefusedError, maxConnections, type Letter, type Mailer } from './smtp';

export interface MailWorkerOptions {
  mails: MailModel;
  letters: Letters;
  mailer: Mailer;
  audit: Audit;
  metrics?: Metrics | undefined;
  logger: Logger;
  /** How many mails are sent at the same time. */
  places?: number;
  /** Milliseconds between two looks at an empty outbox, on average. */
  pollMs?: number;
  /** How long a mail about what came up while another one was being sent waits. */
  coolDownSeconds?: number;
  /** Milliseconds to wait after the first failure; doubled after each further one. */
  firstRetryMs?: number;
}

// Longer than an attempt can take (smtp.ts). Afterwards another process repeats the attempt of one that died.
const leaseMs = 2 * 60_000;
const maxRetryMs = 60 * 60_000;
// With the waits between them, a mail server may be down for three hours.
const maxAttempts = 12;
const day = 24 * 60 * 60_000;
// How many mails one after another make a backlog.
const backlog = 100;
const outcomes = ['sent', 'dropped', 'failed', 'parked'] as const;
const keptMs = { sent: 7 * day, parked: 30 * day };

/**
 * Sends the mails in the outbox, several at the same time; with several processes, each mail is sent by one of them. A mail
 * is sent twice only if a process dies, or loses its database, after the mail server accepted it and before that is recorded.
 */
export class MailWorker {
  #running: Promise<void> | undefined;
  #wake: () => void = () => undefined;
  #stopping = false;
  readonly #inProgress = new Set<Promise<void>>();
  /** Mails claimed since the outbox was last empty. */
  #claimed = 0;
  /** How long the last mail took from claim to acceptance. */
  #lastMs = 0;

  readonly #count: ((outcome: (typeof outcomes)[number]) => void) | undefined;

  constructor(private readonly options: MailWorkerOptions) {
    const help = 'Attempts to send a mail, by outcome';
    this.#count = options.metrics?.counterBy('auth_mails_total', help, 'outcome', outcomes);
  }

  start(): void {
    this.#stopping = false;
    this.#running ??= this.#run();
  }

  /** Resolves when no mail is being sent any more. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#wake();
    await this.#running;
    this.#running = undefined;
    this.options.mailer.close();
  }

  async #run(): Promise<void> {
    while (!this.#isStopping()) {
      const mayBeMore = await this.#fillPlaces().catch((err: unknown) => {
        this.options.logger.warn({ err, event: 'outbox_not_read' }, 'reading the outbox failed');
        return false;
      });
      // While nothing else is due, the end of a mail does not lead to another look. Otherwise the time of one's own mail
      // would reveal how long another mail took.
      if (mayBeMore) await Promise.race(this.#inProgress);
      else if (!this.#isStopping()) await this.#pause();
    }
    await Promise.all(this.#inProgress);
  }

  /** Returns whether all places are taken, so that more mails may be due. */
  async #fillPlaces(): Promise<boolean> {
    const { mails, places = maxConnections } = this.options;
    while (this.#inProgress.size < places) {
      const mail = this.#isStopping() ? null : await mails.claim(leaseMs);
      this.#claimed = mail ? this.#claimed + 1 : 0;
      if (!mail) return false;
      const attempt = this.#attempt(mail).finally(() => this.#inProgress.delete(attempt));
      this.#inProgress.add(attempt);
    }
    return true;
  }

  async #attempt(mail: MailRecord): Promise<void> {
    try {
      // The process of every earlier attempt died, perhaps because of this mail.
      if (mail.attempts > maxAttempts) throw new Error('No attempt came to an end');
      await this.#send(mail);
    } catch (err) {
      await this.#fail(mail, err).catch((failure: unknown) => {
        this.options.logger.warn({ err: failure, event: 'mail_not_recorded' }, 'recording an attempt failed');
      });
    }
  }

  async #send(mail: MailRecord): Promise<void> {
    const { mails, letters, mailer, logger, coolDownSeconds = 0 } = this.options;
    const about = { mailId: mail._id, kind: mail.kind };
    const startedAt = performance.now();
    const letter = await letters.write(mail);
    if (letter) {
      const id = letterId(mail, letter);
      await mailer.send(letter, { to: mail.to, id, inBacklog: this.#inBacklog() });
      this.#lastMs = performance.now() - startedAt;
      await mails.finish(mail, { status: 'sent', forMs: keptMs.sent, againMs: coolDownSeconds * 1000 });
      this.#count?.('sent');
      logger.info({ event: 'mail_sent', ...about, messageId: id }, 'mail sent');
    } else {
      await this.#pretendToSend(startedAt);
      await mails.finish(mail, { status: 'dropped' });
      this.#count?.('dropped');
      logger.info({ event: 'mail_dropped', ...about, reason: 'nobody to write to' }, 'mail dropped');
    }
  }

  /**
   * Keeps the place for as long as a mail takes. If the place were free earlier, a mail that waits for it would be sent
   * earlier, and that would reveal that nobody has the address (enumeration).
   */
  async #pretendToSend(startedAt: number): Promise<void> {
    const leftMs = this.#lastMs - (performance.now() - startedAt);
    if (leftMs > 0 && !this.#inBacklog()) await delay(leftMs);
  }

  /** Then no mail has a time that reveals anything, and mails to nobody must not hold up the others. */
  #inBacklog(): boolean {
    return this.#claimed > backlog;
  }

  async #fail(mail: MailRecord, err: unknown): Promise<void> {
    const { mails, audit, logger, firstRetryMs = 10_000 } = this.options;
    const about = { err, mailId: mail._id, kind: mail.kind, attempts: mail.attempts };
    const lastError = (err instanceof Error ? err.message : 'unknown').slice(0, 300);
    const refused = err instanceof MailRefusedError;
    if (refused || mail.attempts >= maxAttempts) {
      // A mistyped address leads to a refusal, which needs no operator.
      logger[refused ? 'warn' : 'error']({ event: 'mail_parked', ...about }, 'mail parked');
      await mails.finish(mail, { status: 'parked', lastError, forMs: keptMs.parked });
      this.#count?.('parked');
      audit.note({ action: 'mail-parked', user: mail.user, detail: mail.kind }, undefined);
    } else {
      const retryInMs = Math.min(firstRetryMs * 2 ** (mail.attempts - 1), maxRetryMs);
      logger.warn({ event: 'mail_failed', ...about, retryInMs }, 'mail failed');
      await mails.finish(mail, { status: 'pending', lastError, forMs: retryInMs });
      this.#count?.('failed');
    }
  }

  #isStopping(): boolean {
    return this.#stopping;
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      // Never in step with requests.
      const timer = setTimeout(resolve, (this.options.pollMs ?? 1000) * (0.5 + Math.random()));
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** The same for the same letter of the same mail only. A letter with a new token is another one. */
const letterId = ({ _id }: MailRecord, { subject, text }: Letter): string =>
  createHash('sha256')
    .update(JSON.stringify([_id, subject, text]))
    .digest('hex')
    .slice(0, 24);
