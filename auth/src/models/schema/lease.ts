import { randomUUID } from 'node:crypto';
import type { mongo } from 'mongoose';
import { isDuplicateKey } from '../database';
import { schemaDocuments, schemaVersion } from './state';

/** The right to change the schema, for one process at a time. */
export interface Lease {
  /** @throws {Error} where another process has taken over, because this one seemed to be dead */
  renew(): Promise<void>;
  set(fields: { adopted: boolean } | { version: number }): Promise<void>;
}

/**
 * Does the work as the only process, or answers false at once where another one holds the lease, or a newer version has
 * been here. The database's clock decides. Where a holder crashes, another one follows when its lease has run out.
 */
export async function withLease(
  db: mongo.Db,
  leaseMs: number,
  work: (lease: Lease) => Promise<void>,
): Promise<boolean> {
  const documents = schemaDocuments(db);
  const holder = randomUUID();
  if (!(await take(db, holder, leaseMs))) return false;

  const change = async (fields: mongo.Document): Promise<void> => {
    const ours = { _id: 'schema', 'lease.holder': holder } as const;
    const { matchedCount } = await documents.updateOne(ours, [{ $set: fields }]);
    if (matchedCount === 0) throw new Error('Another process has taken over the change of the schema');
  };
  const renew = () => change({ 'lease.until': from(leaseMs) });
  const timer = setInterval(() => {
    // A renewal that fails shows at the next step of the work, which renews too.
    renew().catch(() => undefined);
  }, leaseMs / 3);
  try {
    await work({ renew, set: change });
    return true;
  } finally {
    clearInterval(timer);
    // The version stays in it, so that an older one does not undo what was done halfway.
    await change({ 'lease.until': new Date(0) }).catch(() => undefined);
  }
}

async function take(db: mongo.Db, holder: string, leaseMs: number): Promise<boolean> {
  const isFree = {
    $and: [
      { $lte: [{ $ifNull: ['$version', 0] }, schemaVersion] },
      { $lte: [{ $ifNull: ['$lease.version', 0] }, schemaVersion] },
      { $lte: [{ $ifNull: ['$lease.until', new Date(0)] }, '$$NOW'] },
    ],
  };
  const lease = { holder, version: schemaVersion, until: from(leaseMs) };
  try {
    const document = await schemaDocuments(db).findOneAndUpdate(
      { _id: 'schema' },
      [{ $set: { lease: { $cond: [isFree, lease, '$lease'] } } }],
      { upsert: true, returnDocument: 'after' },
    );
    return document?.lease?.holder === holder;
  } catch (error) {
    // Two processes made the document at once.
    if (isDuplicateKey(error)) return false;
    throw error;
  }
}

const from = (ms: number) => ({ $add: ['$$NOW', ms] });
