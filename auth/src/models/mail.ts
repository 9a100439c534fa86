import { Schema, trusted, type Connection, type HydratedDocument, type Model, type Types } from 'mongoose';
import type { Transaction } from './database';
import { storedName, storedPassword } from './user';

const kinds = [
  'verification',
  'signup',
  'password-reset',
  'password-choice',
  'password-changed',
  'email-change',
  'email-change-notice',
] as const;
export type MailKind = (typeof kinds)[number];

/**
 * What is to be written, and to whom. The words, and the token in them, are made when it is sent: they stand in no
 * database.
 */
export interface MailAttrs {
  kind: MailKind;
  to: string;
  user?: Types.ObjectId;
  /** Of an `email-change-notice`: the address that is asked for. */
  newEmail?: string;
  /** Of a `signup` that waits for its address to be verified: the hash of its password, and its name. */
  password?: string;
  name?: string;
}

/** A mail as it is stored. */
export interface MailRecord extends MailAttrs {
  _id: Types.ObjectId;
  status: 'pending' | 'sent' | 'parked';
  /** Tries so far, the one that runs included. */
  attempts: number;
  /** When it is due, or due again: a try that runs has it until then to itself. */
  dueAt: Date;
  createdAt: Date;
  /** Why the last try failed. */
  lastError?: string;
  /** When it is removed: set once it is sent or parked. */
  expiresAt?: Date;
}

export interface MailModel extends Model<MailRecord> {
  build(attrs: MailAttrs, now: Date): HydratedDocument<MailRecord>;
  /** The mail that has been due longest, for the caller alone until the lease ends. */
  claim(now: Date, leaseMs: number): Promise<MailRecord | null>;
  /** Writes how a try ended, unless its lease did and another has begun. */
  finish(mail: MailRecord, outcome: MailOutcome): Promise<void>;
  deleteAllOf(user: Types.ObjectId, tx: Transaction): Promise<void>;
  /** Those that tell of a change of address which was asked for at that time or after it. */
  deleteNotices(user: Types.ObjectId, since: Date, tx: Transaction): Promise<void>;
}

export type MailOutcome =
  | { status: 'sent'; expiresAt: Date }
  | { status: 'pending'; dueAt: Date; lastError: string }
  | { status: 'parked'; expiresAt: Date; lastError: string };

export function createMailModel(connection: Connection): MailModel {
  const schema = new Schema<MailRecord, MailModel>(
    {
      kind: { type: String, required: true, enum: kinds },
      to: { type: String, required: true, maxlength: 254 },
      user: { type: Schema.Types.ObjectId },
      newEmail: { type: String, maxlength: 254 },
      password: { type: String, match: storedPassword },
      name: storedName,
      status: { type: String, required: true, enum: ['pending', 'sent', 'parked'], default: 'pending' },
      attempts: { type: Number, required: true, default: 0 },
      dueAt: { type: Date, required: true },
      createdAt: { type: Date, required: true },
      lastError: { type: String, maxlength: 300 },
      expiresAt: { type: Date },
    },
    { versionKey: false },
  );
  schema.index({ status: 1, dueAt: 1 });
  schema.index({ user: 1 });
  schema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

  schema.static('build', function build(this: MailModel, attrs: MailAttrs, now: Date) {
    return new this({ ...attrs, createdAt: now, dueAt: now });
  });

  schema.static('claim', function claim(this: MailModel, now: Date, leaseMs: number) {
    return this.findOneAndUpdate(
      { status: 'pending', dueAt: trusted({ $lte: now }) },
      { $inc: { attempts: 1 }, $set: { dueAt: new Date(now.getTime() + leaseMs) } },
      { sort: { dueAt: 1 }, returnDocument: 'after' },
    ).lean();
  });

  schema.static('finish', async function finish(this: MailModel, mail: MailRecord, outcome: MailOutcome) {
    const ours = { _id: mail._id, status: 'pending' as const, attempts: mail.attempts };
    const over = outcome.status === 'pending' ? {} : { $unset: { password: 1, name: 1 } };
    await this.updateOne(ours, { $set: outcome, ...over });
  });

  schema.static(
    'deleteAllOf',
    async function deleteAllOf(this: MailModel, user: Types.ObjectId, tx: Transaction) {
      await this.deleteMany({ user }, { session: tx });
    },
  );

  schema.static(
    'deleteNotices',
    async function deleteNotices(this: MailModel, user: Types.ObjectId, since: Date, tx: Transaction) {
      const later = { user, kind: 'email-change-notice' as const, createdAt: trusted({ $gte: since }) };
      await this.deleteMany(later, { session: tx });
    },
  );

  return connection.model<MailRecord, MailModel>('Mail', schema, 'mails');
}
