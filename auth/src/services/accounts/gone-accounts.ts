import type { Logger } from 'pino';
import type { AuditRecord } from '../../models/audit-entry';
import type { Collections } from '../../models/collections';
import { deleteLeft } from '../../models/ended-documents';
import { idsIn } from '../../models/ids-in';

export interface GoneAccountsOptions {
  collections: Collections;
  logger: Logger;
  now: () => Date;
}

const everyMs = 60_000;
// What waits in the buffer of a process is stored by then.
const restMs = 10_000;
const batch = 1000;

/**
 * Removes what accounts that are gone for good have left: the links and mails that could have brought a closed one back,
 * and the network addresses and browsers in the audit trail. The entry about the end of an account is the note that this is
 * due: it lasts until all is done, so the next start goes on after a crash. A closed account is gone once MongoDB has
 * deleted it, which nobody is told: so this looks once a minute, at those whose time is over.
 */
export class GoneAccounts {
  #stopped = false;
  #timer: NodeJS.Timeout | undefined;
  #running = Promise.resolve();

  constructor(private readonly options: GoneAccountsOptions) {}

  start(): void {
    void this.run().then(() => {
      // From the end of a look, so that looks do not pile up where one takes longer.
      if (this.#stopped) return;
      this.#timer = setTimeout(() => {
        this.start();
      }, everyMs).unref();
    });
  }

  /** Resolves when no batch is running any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  /** Looks once, after the look that is going on. */
  run(): Promise<void> {
    return (this.#running = this.#running
      .then(() => this.#look())
      .catch((err: unknown) => {
        const told = { err, event: 'gone_accounts_failed' };
        this.options.logger.warn(told, 'removing what accounts have left failed: it is tried again');
      }));
  }

  async #look(): Promise<void> {
    const { collections, now } = this.options;
    const by = new Date(now().getTime() - restMs);
    let after: AuditRecord['_id'] | undefined;
    for (;;) {
      const ended = await collections.audit.findEnded(by, after, batch);
      if (ended.length > 0) await this.#settle(ended);
      after = ended.at(-1)?._id;
      if (ended.length < batch || this.#stopped) return;
    }
  }

  async #settle(ended: AuditRecord[]): Promise<void> {
    const { collections } = this.options;
    const { audit, users, closedAccounts } = collections;
    const ids = ended.flatMap(({ user }) => user ?? []);
    const open = await idsIn(users, ids);
    const closed = await idsIn(closedAccounts, ids);
    // Between the two looks, a link may have brought an account back.
    const reopened = await idsIn(users, ids);
    const isOpen = ({ user }: AuditRecord): boolean => open.has(String(user)) || reopened.has(String(user));
    // MongoDB deletes a closed one soon, or it was closed anew, which has another entry.
    const over = ended.filter((entry) => isOpen(entry) || !closed.has(String(entry.user)));
    const gone = over.filter((entry) => !isOpen(entry)).flatMap(({ user }) => user ?? []);
    while (await deleteLeft(collections, gone, batch)) if (this.#stopped) return;
    const settled: AuditRecord['_id'][] = [];
    for (const entry of over) {
      if (this.#stopped) break;
      if (entry.user && !isOpen(entry) && !(await this.#forget(entry.user))) break;
      settled.push(entry._id);
    }
    if (settled.length > 0) await audit.settle(settled);
  }

  /** Returns whether all is done. */
  async #forget(user: NonNullable<AuditRecord['user']>): Promise<boolean> {
    const { audit } = this.options.collections;
    while ((await audit.forget(user, batch)) === batch) if (this.#stopped) return false;
    return true;
  }
}
