import { Schema, trusted, type Connection, type HydratedDocument, type Model, type Types } from 'mongoose';
import type { Transaction } from './database';
import { linkPurposes, type LinkPurpose } from './link-purposes';
import type { LinkMark } from './revocation';

/** What the link lets its bearer do once, for which account, and the address that it was sent to. */
export interface EmailLinkAttrs extends LinkMark {
  purpose: LinkPurpose;
  email: string;
  /** Missing for a `signup`: its account does not exist yet. */
  user?: Types.ObjectId;
  /** When the change was requested, for an `email-change-undo`. */
  askedAt?: Date;
}

/** A link as stored. */
export interface EmailLinkRecord extends EmailLinkAttrs {
  /** The SHA-256 of its token, in hex. */
  _id: string;
  expiresAt: Date;
}

/** Which link to look for: the hash of its token, and the purposes that the caller accepts. */
export interface EmailLinkQuery {
  hash: string;
  purposes: LinkPurpose[];
  now: Date;
}

export interface EmailLinkModel extends Model<EmailLinkRecord> {
  build(hash: string, attrs: EmailLinkAttrs & { expiresAt: Date }): HydratedDocument<EmailLinkRecord>;
  findValid(query: EmailLinkQuery): Promise<EmailLinkRecord | null>;
  /** Removes and returns the link. Of two callers at once, only one gets it. */
  take(query: EmailLinkQuery, tx: Transaction): Promise<EmailLinkRecord | null>;
}

export function createEmailLinkModel(connection: Connection): EmailLinkModel {
  const schema = new Schema<EmailLinkRecord, EmailLinkModel>(
    {
      _id: { type: String, required: true, match: /^[0-9a-f]{64}$/ },
      purpose: { type: String, required: true, enum: linkPurposes },
      email: { type: String, required: true, maxlength: 254 },
      user: { type: Schema.Types.ObjectId },
      askedAt: { type: Date },
      epoch: { type: Number, min: 0 },
      version: { type: Number, min: 0 },
      expiresAt: { type: Date, required: true },
    },
    { versionKey: false },
  );
  // Serves the cleanup of ended links, whatever number of others the account has.
  schema.index({ user: 1, purpose: 1, epoch: 1, expiresAt: 1 });
  schema.index({ email: 1 });
  schema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

  // MongoDB removes expired links only about once a minute, so the time is compared here too.
  const valid = ({ hash, purposes: allowed, now }: EmailLinkQuery) => ({
    _id: hash,
    purpose: trusted({ $in: allowed }),
    expiresAt: trusted({ $gt: now }),
  });

  schema.static(
    'build',
    function build(this: EmailLinkModel, hash: string, attrs: EmailLinkAttrs & { expiresAt: Date }) {
      return new this({ _id: hash, ...attrs });
    },
  );

  schema.static('findValid', function findValid(this: EmailLinkModel, query: EmailLinkQuery) {
    return this.findOne(valid(query)).lean();
  });

  schema.static('take', function take(this: EmailLinkModel, query: EmailLinkQuery, tx: Transaction) {
    return this.findOneAndDelete(valid(query), { session: tx }).lean();
  });

  return connection.model<EmailLinkRecord, EmailLinkModel>('EmailLink', schema, 'actiontokens');
}
