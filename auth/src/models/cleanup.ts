import { Schema, type Connection, type Model, type Types } from 'mongoose';
import type { Transaction } from './database';

/**
 * Whose ended sessions, links and mails are to be deleted: an account's, or the sign-ups of an address. A closed account
 * has a name of its own: the previous version of this service would delete the links that bring it back.
 */
export type CleanupSubject = { user: Types.ObjectId } | { closed: Types.ObjectId } | { email: string };

/** A cleanup that is due, as stored: what a process has begun, another one can finish. */
export interface CleanupRecord {
  _id: Types.ObjectId;
  user?: Types.ObjectId;
  closed?: Types.ObjectId;
  email?: string;
}

export interface CleanupModel extends Model<CleanupRecord> {
  add(subject: CleanupSubject, tx: Transaction): Promise<CleanupRecord>;
}

export function createCleanupModel(connection: Connection): CleanupModel {
  const schema = new Schema<CleanupRecord, CleanupModel>(
    {
      user: { type: Schema.Types.ObjectId },
      closed: { type: Schema.Types.ObjectId },
      email: { type: String, maxlength: 254 },
    },
    { versionKey: false },
  );

  schema.static(
    'add',
    async function add(this: CleanupModel, ...[subject, tx]: Parameters<CleanupModel['add']>) {
      return (await new this(subject).save({ session: tx })).toObject();
    },
  );

  return connection.model<CleanupRecord, CleanupModel>('Cleanup', schema, 'cleanups');
}
