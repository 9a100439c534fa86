import { Schema, trusted, type Connection, type Model, type Types } from 'mongoose';
import type { Transaction } from './database';
import type { UserRecord } from './user';

/** A closed account, which a link can bring back until it expires (decision 16). */
export interface ClosedAccountRecord {
  /** The account's id. */
  _id: Types.ObjectId;
  /** The account as it was, but with an unusable password. Nobody changes it here. */
  user: UserRecord;
  closedAt: Date;
  expiresAt: Date;
}

/** An account's id, also in hex. */
type AccountId = Types.ObjectId | string;

export interface ClosedAccountModel extends Model<ClosedAccountRecord> {
  keep(user: UserRecord, time: { closedAt: Date; expiresAt: Date }, tx: Transaction): Promise<void>;
  findKept(id: AccountId, now: Date, tx?: Transaction): Promise<ClosedAccountRecord | null>;
  /** The accounts that were closed with that address. It reads the whole collection: for operators. */
  findByAddress(email: string, now: Date): Promise<ClosedAccountRecord[]>;
  /** Removes and returns the account. Of two callers at once, only one gets it. */
  take(id: AccountId, now: Date, tx: Transaction): Promise<ClosedAccountRecord | null>;
}

export function createClosedAccountModel(connection: Connection): ClosedAccountModel {
  const schema = new Schema<ClosedAccountRecord, ClosedAccountModel>(
    {
      _id: { type: Schema.Types.ObjectId, required: true },
      // Not by the schema of the users: a newer version may have given them fields that this one does not know.
      user: { type: Schema.Types.Mixed, required: true },
      closedAt: { type: Date, required: true },
      expiresAt: { type: Date, required: true },
    },
    { versionKey: false, minimize: false },
  );
  schema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

  // MongoDB removes expired accounts only about once a minute, so the time is compared here too.
  const kept = (id: AccountId, now: Date) => ({ _id: id, expiresAt: trusted({ $gt: now }) });

  schema.static(
    'keep',
    async function keep(
      this: ClosedAccountModel,
      ...[user, time, tx]: Parameters<ClosedAccountModel['keep']>
    ) {
      await new this({ _id: user._id, user, ...time }).save({ session: tx });
    },
  );

  schema.static(
    'findKept',
    function findKept(this: ClosedAccountModel, id: AccountId, now: Date, tx?: Transaction) {
      return this.findOne(kept(id, now), null, { session: tx ?? null }).lean();
    },
  );

  schema.static('findByAddress', function findByAddress(this: ClosedAccountModel, email: string, now: Date) {
    return this.find({ 'user.email': email, expiresAt: trusted({ $gt: now }) }).lean();
  });

  schema.static('take', function take(this: ClosedAccountModel, id: AccountId, now: Date, tx: Transaction) {
    return this.findOneAndDelete(kept(id, now), { session: tx }).lean();
  });

  return connection.model<ClosedAccountRecord, ClosedAccountModel>('ClosedAccount', schema, 'closedaccounts');
}
