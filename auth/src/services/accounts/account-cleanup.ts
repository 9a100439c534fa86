import type { Logger } from 'pino';
import type { CleanupRecord, CleanupSubject } from '../../models/cleanup';
import type { Collections } from '../../models/collections';
import type { Transact, Transaction } from '../../models/database';
import { deleteEnded } from '../../models/ended-documents';
import type { Audit, AuditEvent } from '../audit/audit';
import type { Caller } from '../caller';

export interface AccountCleanupOptions {
  collections: Collections;
  transact: Transact;
  audit: Audit;
  logger: Logger;
}

/** A transaction, and what is to be done after its commit. */
export interface TidyingTransaction {
  tx: Transaction;
  /** Has what it ends deleted. */
  tidy: (subject: CleanupSubject) => Promise<void>;
  /** Logs what it does. A transaction that is rolled back has done nothing. */
  log: (facts: object, message: string) => void;
  /** Writes into the audit trail what it does, within the transaction. One that records nothing is rolled back. */
  record: (event: AuditEvent) => Promise<void>;
}

// At once: more than a usual account has, and no noticeable wait.
const firstBatch = 100;
const laterBatch = 1000;

/**
 * Deletes what events have ended: sessions, links and queued mails. Nothing relies on it (decision 15), so it happens
 * after the commit, in batches. A stored entry says that it is due, so that another process goes on after a crash.
 */
export class AccountCleanup {
  #stopped = false;
  /** One account after another, so that the load is bounded however many events there are. */
  #running = Promise.resolve();

  constructor(private readonly options: AccountCleanupOptions) {}

  /**
   * Runs a transaction, and then cleans up what it asked for. The first batch is done when this resolves.
   * @throws {Error} where the work has recorded nothing: forgetting it fails at the first try
   */
  async transact<T>(caller: Caller, work: (transaction: TidyingTransaction) => Promise<T>): Promise<T> {
    const { collections, transact, audit, logger } = this.options;
    let due: CleanupRecord[] = [];
    let lines: Parameters<TidyingTransaction['log']>[] = [];
    const result = await transact(async (tx) => {
      // An earlier attempt of this transaction may have been rolled back.
      due = [];
      lines = [];
      const tidy = async (subject: CleanupSubject): Promise<void> => {
        due.push(await collections.cleanups.add(subject, tx));
      };
      const recorded: AuditEvent[] = [];
      const record = async (event: AuditEvent): Promise<void> => {
        recorded.push(event);
        await audit.record(event, caller, tx);
      };
      const done = await work({ tx, tidy, record, log: (...line) => void lines.push(line) });
      if (recorded.length === 0) throw new Error('A transaction has recorded nothing in the audit trail');
      return done;
    });
    for (const [facts, message] of lines) logger.info(facts, message);
    await Promise.all(due.map((entry) => this.#begin(entry)));
    return result;
  }

  /** Begins to finish what other processes have left. */
  resume(): void {
    this.#queue(async () => {
      const left = await this.options.collections.cleanups.find().lean();
      for (const entry of left) this.#queue(() => this.#continue(entry));
    });
  }

  /** Resolves when no batch is running any more. What is left is for the next process. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #begin(entry: CleanupRecord): Promise<void> {
    try {
      if (await this.#batch(entry, firstBatch)) this.#queue(() => this.#continue(entry));
    } catch (err) {
      this.#report(err);
    }
  }

  async #continue(entry: CleanupRecord): Promise<void> {
    while (!this.#stopped && (await this.#batch(entry, laterBatch)));
  }

  /** Returns whether more is left. */
  async #batch(entry: CleanupRecord, limit: number): Promise<boolean> {
    const { collections } = this.options;
    if (await deleteEnded(collections, entry, limit)) return true;
    await collections.cleanups.deleteOne({ _id: entry._id });
    return false;
  }

  #queue(work: () => Promise<void>): void {
    this.#running = this.#running.then(work).catch((err: unknown) => {
      this.#report(err);
    });
  }

  #report(err: unknown): void {
    this.options.logger.warn(
      { err, event: 'cleanup_failed' },
      'cleanup failed: the next start goes on with it',
    );
  }
}
