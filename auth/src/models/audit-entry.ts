import { randomBytes } from 'node:crypto';
import { Schema, trusted, Types, type Connection, type Model } from 'mongoose';
import {
  auditActions,
  auditOutcomes,
  type AuditAction,
  type AuditOutcome,
  type DeletionReason,
} from './audit-actions';
import type { Transaction } from './database';
import type { LinkPurpose } from './link-purposes';
import type { MailKind } from './mail';
import type { SessionClient } from './session';
import type { Role } from './user';
import { hashOf } from './hash-of';

/** What an entry tells beside its action: from these lists only, never what somebody has sent. */
export type AuditDetail = Role | LinkPurpose | MailKind | DeletionReason;

/** What a service tells the audit trail. */
export interface AuditFacts {
  at: Date;
  action: AuditAction;
  outcome: AuditOutcome;
  /** Whom it is about: an id, also in hex. */
  user?: Types.ObjectId | string | undefined;
  /** Who did it: an account's id, or `operator`. Missing where nobody was signed in, and for the service itself. */
  actor?: Types.ObjectId | string | undefined;
  detail?: AuditDetail | undefined;
  /** From where: missing where there is no address, as for commands. */
  from?: SessionClient | undefined;
  requestId?: string | undefined;
  /** How many it stands for. */
  count?: number | undefined;
  /** Facts with the same key share an entry, which adds their counts and keeps the last `from`. */
  key?: string | undefined;
  expiresAt?: Date | undefined;
  /** Until when a link can bring a closed account back. */
  until?: Date | undefined;
}

/** An entry as stored. Its id begins with its time in milliseconds, so ids are in the order of time, without ties. */
export interface AuditRecord extends Omit<AuditFacts, 'action' | 'user' | 'actor' | 'until'> {
  _id: Types.ObjectId;
  /** A newer version may know others. */
  action: string;
  user?: Types.ObjectId;
  actor?: string;
  /**
   * When to remove addresses from the entries of the account that has ended by it: once nothing brings it back. Missing
   * where that is done.
   */
  forgetAt?: Date;
}

/** Which entries to list: of all that is given. */
export interface AuditQuery {
  user?: Types.ObjectId | string;
  actor?: string;
  action?: AuditAction;
  outcome?: AuditOutcome;
  /** Not those with this detail. */
  without?: AuditDetail;
  /** The first moment. */
  from?: Date;
  /** The first moment after the last one. */
  to?: Date;
  /** The id after which the list goes on. */
  after?: string;
  limit: number;
}

export interface AuditModel extends Model<AuditRecord> {
  /** Outside of a transaction it can be repeated: what is stored already fails as a duplicate key. */
  write(entries: NewEntry[], tx?: Transaction): Promise<void>;
  /** The newest first. */
  page(query: AuditQuery): Promise<AuditRecord[]>;
  /** Entries about the end of an account whose addresses may have to be removed by that time, in the order of ids. */
  findEnded(by: Date, after: Types.ObjectId | undefined, limit: number): Promise<AuditRecord[]>;
  /** Notes that it is done for these entries. */
  settle(ids: Types.ObjectId[]): Promise<void>;
  /** Removes addresses and browsers from entries of an account; those of an admin who acted on it stay. */
  forget(user: Types.ObjectId, limit: number): Promise<number>;
}

export type NewEntry = AuditFacts & { _id: Types.ObjectId };

const endings: readonly AuditAction[] = ['closed', 'deleted'];

/** What is to be stored of facts. */
export const auditEntryOf = (facts: AuditFacts): NewEntry => ({
  ...facts,
  _id: idAt(facts.at, randomBytes(6)),
});

/** Where the models are not there yet. */
export const auditCollection = 'audit';

export function createAuditModel(connection: Connection): AuditModel {
  const schema = new Schema<AuditRecord, AuditModel>(
    {
      _id: { type: Schema.Types.ObjectId, required: true },
      at: { type: Date, required: true },
      // No list of values: each new action would be a change of the validator.
      action: { type: String, required: true, maxlength: 40 },
      outcome: { type: String, required: true, enum: auditOutcomes },
      user: { type: Schema.Types.ObjectId },
      actor: { type: String, match: /^([0-9a-f]{24}|operator)$/ },
      detail: { type: String, maxlength: 40 },
      from: new Schema(
        { ip: { type: String, maxlength: 64 }, userAgent: { type: String, maxlength: 256 } },
        { _id: false },
      ),
      requestId: { type: String, maxlength: 64 },
      count: { type: Number, min: 1 },
      key: { type: String, match: /^[0-9a-f]{64}$/ },
      forgetAt: { type: Date },
      expiresAt: { type: Date },
    },
    { versionKey: false },
  );
  // Each list is in the order of ids. The last two fields of an index decide without reading the entry.
  schema.index({ user: 1, _id: -1, action: 1, outcome: 1 });
  schema.index({ actor: 1, _id: -1, action: 1, outcome: 1 });
  schema.index({ action: 1, outcome: 1, _id: -1 });
  schema.index({ key: 1 }, { unique: true, partialFilterExpression: { key: { $exists: true } } });
  schema.index({ forgetAt: 1 }, { partialFilterExpression: { forgetAt: { $exists: true } } });
  schema.index({ actor: 1, user: 1 }, { partialFilterExpression: { from: { $exists: true } } });
  schema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

  schema.static('write', async function write(this: AuditModel, entries: NewEntry[], tx?: Transaction) {
    const options = { ordered: false, ...(tx && { session: tx }) };
    await this.collection.bulkWrite(entries.map(writeOf), options);
  });

  schema.static('page', function page(this: AuditModel, query: AuditQuery) {
    const { user, actor, action, outcome, without, from, to, after, limit } = query;
    const before = [
      ...(to ? [idAt(to).toHexString()] : []),
      ...(after === undefined ? [] : [after]),
    ].sort()[0];
    const range = {
      ...(from && { $gte: idAt(from) }),
      ...(before !== undefined && { $lt: new Types.ObjectId(before) }),
    };
    // Every value of a field that is not asked for, so that the index of both serves either.
    const isBroad = user === undefined && actor === undefined;
    const filter = {
      ...(user !== undefined && { user }),
      ...(actor !== undefined && { actor }),
      ...(action !== undefined
        ? { action }
        : isBroad && outcome !== undefined && { action: trusted({ $in: Object.keys(auditActions) }) }),
      ...(outcome !== undefined
        ? { outcome }
        : isBroad && action !== undefined && { outcome: trusted({ $in: [...auditOutcomes] }) }),
      ...(without !== undefined && { detail: trusted({ $ne: without }) }),
      ...(Object.keys(range).length > 0 && { _id: trusted(range) }),
    };
    return this.find(filter).sort({ _id: -1 }).limit(limit).lean();
  });

  schema.static(
    'findEnded',
    function findEnded(this: AuditModel, ...[by, after, limit]: Parameters<AuditModel['findEnded']>) {
      const due = { forgetAt: trusted({ $lte: by }), ...(after && { _id: trusted({ $gt: after }) }) };
      return this.find(due).sort({ _id: 1 }).limit(limit).lean();
    },
  );

  schema.static('settle', async function settle(this: AuditModel, ids: Types.ObjectId[]) {
    await this.updateMany({ _id: trusted({ $in: ids }) }, { $unset: { forgetAt: 1 } });
  });

  schema.static('forget', async function forget(this: AuditModel, user: Types.ObjectId, limit: number) {
    const by = user.toHexString();
    const theirs = {
      $or: [{ actor: by }, { actor: null, user }].map((of) => ({ ...of, from: { $exists: true } })),
    };
    const found = await this.collection.find(theirs, { projection: { _id: 1 }, limit }).toArray();
    const ids = found.map(({ _id }) => _id);
    if (ids.length > 0) await this.collection.updateMany({ _id: { $in: ids } }, { $unset: { from: 1 } });
    return ids.length;
  });

  return connection.model<AuditRecord, AuditModel>('AuditEntry', schema, auditCollection);
}

function writeOf({ user, actor, key, count, from, until, ...facts }: NewEntry) {
  const document = present({
    ...facts,
    user: hexOf(user) && new Types.ObjectId(hexOf(user)),
    actor: actor === 'operator' ? actor : hexOf(actor),
    forgetAt: facts.outcome === 'success' && endings.includes(facts.action) ? (until ?? facts.at) : undefined,
  });
  if (key === undefined) return { insertOne: { document: { ...document, ...present({ from, count }) } } };
  const update = { $inc: { count: count ?? 1 }, $setOnInsert: document, ...(from && { $set: { from } }) };
  return { updateOne: { filter: { key: hashOf(key) }, update, upsert: true } };
}

/** Accounts of another service may have other ids, which this one can't use: an entry that counts has their key only. */
function hexOf(id: Types.ObjectId | string | undefined): string | undefined {
  const text = String(id);
  return /^[0-9a-f]{24}$/.test(text) ? text : undefined;
}

/** The driver would store undefined as null. */
const present = (fields: object) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

/** The first id of a millisecond, or a later one. */
function idAt(time: Date, rest: Uint8Array = new Uint8Array(6)): Types.ObjectId {
  const bytes = Buffer.alloc(12);
  bytes.writeUIntBE(Math.min(Math.max(time.getTime(), 0), 2 ** 48 - 1), 0, 6);
  bytes.set(rest, 6);
  return new Types.ObjectId(bytes);
}
