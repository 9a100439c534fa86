import type { Logger } from 'pino';
import { auditEntryOf, type AuditFacts, type AuditModel, type NewEntry } from '../../models/audit-entry';
import { isDuplicateKey, isUnavailable } from '../../models/database';
import type { Metrics } from '../metrics/metrics';

export interface AuditBufferOptions {
  model: AuditModel;
  metrics?: Metrics | undefined;
  logger: Logger;
}

// More than any load brings in a second, and some megabytes.
const maxWaiting = 10_000;
const flushMs = 500;

/**
 * What belongs to no transaction waits here until it is stored, for half a second or until the database answers again. So
 * no response waits for it, and none tells by its time what was written. A crash loses what waits.
 */
export class AuditBuffer {
  #waiting = new Map<string, NewEntry>();
  #lost = 0;
  #timer: NodeJS.Timeout | undefined;
  /** One write after another. */
  #writing = Promise.resolve();

  readonly #countLost: ((entries: number) => void) | undefined;

  constructor(private readonly options: AuditBufferOptions) {
    const { metrics } = options;
    this.#countLost = metrics?.counter('auth_audit_lost_total', 'Audit entries that could not be stored');
    metrics?.gauge('auth_audit_waiting', 'Audit entries that wait to be stored', () => this.#waiting.size);
  }

  add(facts: AuditFacts): void {
    this.#put(auditEntryOf(facts));
  }

  /** Resolves when all that waited has been tried to store. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    return (this.#writing = this.#writing.then(() => this.#write()));
  }

  #put(entry: NewEntry): void {
    const id = entry.key ?? entry._id.toHexString();
    const same = this.#waiting.get(id);
    if (same) {
      same.count = (same.count ?? 1) + (entry.count ?? 1);
      same.from = entry.from;
    } else if (this.#waiting.size < maxWaiting) this.#waiting.set(id, entry);
    else this.#lost += 1;
    this.#timer ??= setTimeout(() => void this.flush(), flushMs).unref();
  }

  async #write(): Promise<void> {
    const entries = [...this.#waiting.values()];
    this.#waiting = new Map();
    if (entries.length === 0) return;
    try {
      await this.options.model.write(entries);
    } catch (err) {
      // An earlier try has stored some of them: each one is stored now.
      if (!isDuplicateKey(err)) this.#keep(entries, err);
    }
    if (this.#lost === 0) return;
    this.options.logger.error({ event: 'audit_lost', entries: this.#lost }, 'audit entries are lost');
    this.#countLost?.(this.#lost);
    this.#lost = 0;
  }

  #keep(entries: NewEntry[], err: unknown): void {
    const { logger } = this.options;
    logger.warn({ err, event: 'audit_not_written', entries: entries.length }, 'writing audit entries failed');
    if (isUnavailable(err)) for (const entry of entries) this.#put(entry);
    else this.#lost += entries.length;
  }
}
