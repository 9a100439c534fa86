import { Schema, trusted, type Connection, type Model, type Types } from 'mongoose';
import type { Transaction } from './database';
import type { LinkPurpose } from './link-purposes';

/** A link that was used a short while ago, so that using it again can answer the same. */
export interface UsedLinkRecord {
  /** The SHA-256 of its token, in hex. */
  _id: string;
  purpose: LinkPurpose;
  /** The account that it was used for. Missing where the account has gone by the use. */
  user?: Types.ObjectId;
  /** Whether it was used to say "this was not me". */
  declined: boolean;
  expiresAt: Date;
}

export interface UsedLinkModel extends Model<UsedLinkRecord> {
  add(link: UsedLinkRecord, tx: Transaction): Promise<void>;
  findRecent(id: string, now: Date): Promise<UsedLinkRecord | null>;
}

export function createUsedLinkModel(connection: Connection): UsedLinkModel {
  const schema = new Schema<UsedLinkRecord, UsedLinkModel>(
    {
      _id: { type: String, required: true, match: /^[0-9a-f]{64}$/ },
      purpose: { type: String, required: true },
      user: { type: Schema.Types.ObjectId },
      declined: { type: Boolean, required: true },
      expiresAt: { type: Date, required: true },
    },
    { versionKey: false },
  );
  schema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

  schema.static('add', async function add(this: UsedLinkModel, link: UsedLinkRecord, tx: Transaction) {
    await new this(link).save({ session: tx });
  });

  schema.static('findRecent', function findRecent(this: UsedLinkModel, id: string, now: Date) {
    return this.findOne({ _id: id, expiresAt: trusted({ $gt: now }) }).lean();
  });

  return connection.model<UsedLinkRecord, UsedLinkModel>('UsedLink', schema, 'usedlinks');
}
