import { Schema, trusted, type Connection, type HydratedDocument, type Model, type Types } from 'mongoose';
import type { Transaction } from './database';
import { storedName, storedPassword } from './user';

export const purposes = [
  'verification',
  'signup',
  'password-reset',
  'email-change',
  'email-change-undo',
] as const;
export type Purpose = (typeof purposes)[number];

/** What a token lets its bearer do, once: what for, whose account, and which address it was sent to. */
export interface ActionTokenAttrs {
  purpose: Purpose;
  email: string;
  /** None with a `signup`, which has no account yet, but has what is needed to open it. */
  user?: Types.ObjectId;
  password?: string;
  name?: string;
  /** Of an `email-change-undo`: when the change was asked for. */
  askedAt?: Date;
}

/** A token as it is stored. */
export interface ActionTokenRecord extends ActionTokenAttrs {
  /** The SHA-256 of the token, in hex. */
  _id: string;
  expiresAt: Date;
}

/** Which token is looked for: its hash, and what it may be for. */
export interface ActionTokenQuery {
  hash: string;
  purposes: Purpose[];
  now: Date;
}

export interface ActionTokenModel extends Model<ActionTokenRecord> {
  build(hash: string, attrs: ActionTokenAttrs & { expiresAt: Date }): HydratedDocument<ActionTokenRecord>;
  findValid(query: ActionTokenQuery): Promise<ActionTokenRecord | null>;
  /** Takes the token away and answers it: of two who come with it at once, one gets it. */
  take(query: ActionTokenQuery, tx: Transaction): Promise<ActionTokenRecord | null>;
  deleteAllOf(user: Types.ObjectId, tx: Transaction, purposes?: Purpose[]): Promise<void>;
  /** The tokens of changes of address that were asked for at that time or after it. */
  deleteWaysBack(user: Types.ObjectId, since: Date, tx: Transaction): Promise<void>;
  /** The tokens of sign-ups, which have no user yet; answers how many there were. */
  deleteSignups(email: string, tx: Transaction): Promise<number>;
}

export function createActionTokenModel(connection: Connection): ActionTokenModel {
  const schema = new Schema<ActionTokenRecord, ActionTokenModel>(
    {
      _id: { type: String, required: true, match: /^[0-9a-f]{64}$/ },
      purpose: { type: String, required: true, enum: purposes },
      email: { type: String, required: true, maxlength: 254 },
      user: { type: Schema.Types.ObjectId },
      password: { type: String, match: storedPassword },
      name: storedName,
      askedAt: { type: Date },
      expiresAt: { type: Date, required: true },
    },
    { versionKey: false },
  );
  schema.index({ user: 1 });
  schema.index({ email: 1 });
  schema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

  // MongoDB removes expired tokens about once a minute, so the time is compared here too.
  const valid = ({ hash, purposes: allowed, now }: ActionTokenQuery) => ({
    _id: hash,
    purpose: trusted({ $in: allowed }),
    expiresAt: trusted({ $gt: now }),
  });

  schema.static(
    'build',
    function build(this: ActionTokenModel, hash: string, attrs: ActionTokenAttrs & { expiresAt: Date }) {
      return new this({ _id: hash, ...attrs });
    },
  );

  schema.static('findValid', function findValid(this: ActionTokenModel, query: ActionTokenQuery) {
    return this.findOne(valid(query)).lean();
  });

  schema.static('take', function take(this: ActionTokenModel, query: ActionTokenQuery, tx: Transaction) {
    return this.findOneAndDelete(valid(query), { session: tx }).lean();
  });

  schema.static(
    'deleteAllOf',
    async function deleteAllOf(
      this: ActionTokenModel,
      user: Types.ObjectId,
      tx: Transaction,
      only?: Purpose[],
    ) {
      await this.deleteMany({ user, ...(only && { purpose: trusted({ $in: only }) }) }, { session: tx });
    },
  );

  schema.static(
    'deleteWaysBack',
    async function deleteWaysBack(
      this: ActionTokenModel,
      user: Types.ObjectId,
      since: Date,
      tx: Transaction,
    ) {
      const later = { user, purpose: 'email-change-undo' as const, askedAt: trusted({ $gte: since }) };
      await this.deleteMany(later, { session: tx });
    },
  );

  schema.static(
    'deleteSignups',
    async function deleteSignups(this: ActionTokenModel, email: string, tx: Transaction) {
      const { deletedCount } = await this.deleteMany({ email, purpose: 'signup' }, { session: tx });
      return deletedCount;
    },
  );

  return connection.model<ActionTokenRecord, ActionTokenModel>('ActionToken', schema, 'actiontokens');
}
