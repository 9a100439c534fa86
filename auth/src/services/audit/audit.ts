import type { Logger } from 'pino';
import { auditActions, type AuditAction, type AuditOutcome } from '../../models/audit-actions';
import {
  auditEntryOf,
  type AuditFacts,
  type AuditModel,
  type AuditQuery,
  type AuditRecord,
} from '../../models/audit-entry';
import type { Transaction } from '../../models/database';
import type { Caller } from '../caller';
import type { Metrics } from '../metrics/metrics';
import { networkOf } from '../network';
import { afterOf, pageOf } from '../paging';
import { AuditBuffer } from './audit-buffer';

/** What has happened. Who did it, and from where, is the caller. */
export type AuditEvent = Pick<AuditFacts, 'action' | 'user' | 'detail' | 'count' | 'until'> & {
  /** Who has just proved to be that account, where the caller is not signed in. */
  actor?: AuditFacts['actor'];
};

/** Who asked for what happened; undefined for what the service does by itself. */
type AuditCaller = Pick<Caller, 'ip' | 'userAgent' | 'requestId' | 'account' | 'isOperator'> | undefined;

export interface AuditOptions {
  model: AuditModel;
  /** How long an entry is kept. */
  seconds: number;
  metrics?: Metrics | undefined;
  logger: Logger;
  now: () => Date;
}

const minute = 60_000;

/** The audit trail: who did what to whom, when and from where. People are in it by id, never by address. */
export class Audit {
  readonly #buffer: AuditBuffer;

  constructor(private readonly options: AuditOptions) {
    this.#buffer = new AuditBuffer(options);
  }

  /** Records what a transaction does, in that transaction. */
  record(event: AuditEvent, caller: AuditCaller, tx: Transaction): Promise<void> {
    return this.#write(event, caller, tx);
  }

  /**
   * Records what an operator does, at once: nothing is done that is not on record.
   * @throws {Error} where it can't be stored
   */
  async store(event: AuditEvent, caller: AuditCaller): Promise<void> {
    try {
      await this.#write(event, caller);
    } catch (cause) {
      throw new Error('The audit trail could not be written', { cause });
    }
  }

  /** Records what belongs to no transaction, within a second. Nothing waits for it. */
  note(event: AuditEvent, caller: AuditCaller): void {
    this.#buffer.add(this.#factsOf(event, 'success', caller));
  }

  /**
   * Counts a refusal, once under the caller's network and once under the account: in one entry a minute for each.
   * @param user the account that was tried, if there is one
   */
  refuse(action: AuditAction, caller: Caller, user?: AuditFacts['user']): void {
    this.#buffer.add(this.#factsOf({ action }, 'refused', { ...caller, account: undefined }));
    if (user !== undefined) this.#buffer.add(this.#factsOf({ action, user }, 'refused', caller));
  }

  /** Resolves when all that waits has been tried to store. */
  flush(): Promise<void> {
    return this.#buffer.flush();
  }

  /** A page of entries, the newest first, and the cursor of the next page if there is one. */
  async list({ cursor, ...query }: Omit<AuditQuery, 'after'> & { cursor?: string }): Promise<{
    entries: AuditRecord[];
    nextCursor: string | null;
  }> {
    const found = await this.options.model.page({ ...query, ...afterOf(cursor), limit: query.limit + 1 });
    return pageOf(found, query.limit);
  }

  /**
   * A page of what a user may know of the own account. Whether a mail went to a new address that was asked for is not in
   * it: none does where another account has that address.
   */
  activityOf(user: AuditRecord['_id'], page: { limit: number; cursor?: string }): ReturnType<Audit['list']> {
    return this.list({ ...page, user, without: 'email-change' });
  }

  #write(event: AuditEvent, caller: AuditCaller, tx?: Transaction): Promise<void> {
    return this.options.model.write([auditEntryOf(this.#factsOf(event, 'success', caller))], tx);
  }

  #factsOf(event: AuditEvent, outcome: AuditOutcome, caller: AuditCaller): AuditFacts {
    const { seconds, now } = this.options;
    const at = now();
    const { action, user, count } = event;
    const isShared = outcome === 'refused' || auditActions[action] === 'minute';
    const network = networkOf(caller?.ip ?? '');
    const subject = user === undefined ? `network ${network}` : `account ${user.toString()}`;
    return {
      at,
      outcome,
      actor: caller?.isOperator ? 'operator' : caller?.account?.user._id,
      ...event,
      // One for each network, so it names the network and not one of its addresses.
      from: fromOf(caller, isShared && user === undefined ? network : caller?.ip),
      ...(isShared
        ? { count: count ?? 1, key: `${subject} ${action} ${outcome} ${Math.floor(at.getTime() / minute)}` }
        : { requestId: caller?.requestId }),
      expiresAt: new Date(at.getTime() + seconds * 1000),
    };
  }
}

const fromOf = (caller: AuditCaller, ip = ''): AuditFacts['from'] =>
  caller && (ip !== '' || caller.userAgent !== '') ? { ip, userAgent: caller.userAgent } : undefined;
