import { Schema, trusted, type Connection, type HydratedDocument, type Model, type Types } from 'mongoose';
import type { Transaction } from './database';
import { storedPassword } from './user';

const purposes = ['verification', 'signup', 'password-reset', 'email-change', 'email-change-undo'] as const;
export type Purpose = (typeof purposes)[number];

/** What a token lets its bearer do, once: what for, whose account, and which address it was sent to. */
export interface ActionTokenAttrs {
  purpose: Purpose;
  email: string;
  /** None with a `signup`, which has no account yet, but has what is needed to open it. */
  user?: Types.ObjectId;
  password?: string;
  name?: string;
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
}

export function createActionTokenModel(connection: Connection): ActionTokenModel {
  const schema = new Schema<ActionTokenRecord, ActionTokenModel>(
    {
      _id: { type: String, required: true, match: /^[0-9a-f]{64}$/ },
      purpose: { type: String, required: true, enum: purposes },
      email: { type: String, required: true, maxlength: 254 },
      user: { type: Schema.Types.ObjectId },
      password: { type: String, match: storedPassword },
      name: { type: String, maxlength: 100 },
      expiresAt: { type: Date, required: true },
    },
    { versionKey: false },
  );
  schema.index({ user: 1 });
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

  return connection.model<ActionTokenRecord, ActionTokenModel>('ActionToken', schema, 'actiontokens');
}
