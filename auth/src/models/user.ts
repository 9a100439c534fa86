import { Schema, trusted, type Connection, type HydratedDocument, type Model, type Types } from 'mongoose';
import type { Transaction } from './database';

export const roles = ['user', 'admin'] as const;
export type Role = (typeof roles)[number];

/** What is needed to build a user. */
export interface UserAttrs {
  /** Normalised: see the e-mail field of the routes. */
  email: string;
  /** In plain text: saving hashes it. */
  password: string;
  name?: string;
}

/** What a user has, as it is stored. */
export interface UserRecord {
  _id: Types.ObjectId;
  email: string;
  /** The hash, in the form that the password service gives. */
  password: string;
  name?: string;
  role: Role;
  emailVerified: boolean;
  /** The address that the user asked for last, until it is confirmed. */
  pendingEmail?: string;
  disabled: boolean;
  createdAt: Date;
  updatedAt: Date;
  /** Counts what was changed of the account, so that a change made over an older state shows. */
  version: number;
  /** Sessions belong to a generation of their account: raising it ends them all in the same write. None is 0. */
  generation?: number;
  /** How often this admin was the one to stay: see `touchOtherAdmins`. */
  stayed?: number;
}

/** Which users are asked for, and where in the order of their opening to begin. */
export interface UserQuery {
  /** What the address begins with, normalised. */
  email?: string;
  role?: Role;
  after?: string;
  limit: number;
}

/** What is changed of a user beside the version, which every change raises. */
export interface UserChange {
  $set: Partial<UserRecord>;
  $unset?: { pendingEmail: 1 };
  $inc?: { generation: 1 };
}

export interface UserMethods {
  /** Puts the hash in the place of a password that was set. Saving does so too; a transaction need not wait for it then. */
  hashPassword(): Promise<void>;
}

export type UserDoc = HydratedDocument<UserRecord, UserMethods>;

export interface UserModel extends Model<UserRecord, object, UserMethods> {
  build(attrs: UserAttrs): UserDoc;
  /** Gives accounts that the course's service stored (`email`, `password`, `__v`) what they lack here. */
  adopt(): Promise<void>;
  /** At most `limit` users, the first opened first. */
  page(query: UserQuery): Promise<UserRecord[]>;
  /** Changes an account that is enabled and where this still holds; answers what it is then. */
  changeEnabled(
    id: Types.ObjectId | undefined,
    where: Partial<Pick<UserRecord, 'email' | 'pendingEmail'>>,
    change: UserChange,
    tx: Transaction,
  ): Promise<UserRecord | null>;
  /**
   * How many enabled admins there are beside this one. Writes to each of them, so that of two transactions that remove
   * each other's admin one conflicts, is tried anew, and then sees what the other did.
   */
  touchOtherAdmins(id: Types.ObjectId, tx: Transaction): Promise<number>;
}

// Written in JavaScript and in MongoDB's $jsonSchema alike. The rules for people's input are stricter: see the routes.
const normalisedEmail = /^[!-?\[-~]+@[!-?\[-~]+$/;
// The 100 code points that the routes let through, in the units that Mongoose counts.
export const storedName = { type: String, minlength: 1, maxlength: 200 };
export const storedPassword = /^[0-9a-f]{128}[.][0-9a-f]{16,64}([.]ln=[0-9]+,r=[0-9]+,p=[0-9]+)?$/;

/** @param toHash turns a password in plain text into what is stored; called when, and only when, it was modified */
export function createUserModel(
  connection: Connection,
  toHash: (password: string) => Promise<string>,
): UserModel {
  const schema = new Schema<UserRecord, UserModel, UserMethods>(
    {
      email: { type: String, required: true, maxlength: 254, match: normalisedEmail },
      password: { type: String, required: true, storedMatch: storedPassword },
      name: storedName,
      role: { type: String, required: true, enum: roles, default: 'user' },
      emailVerified: { type: Boolean, required: true, default: false },
      pendingEmail: { type: String, maxlength: 254, match: normalisedEmail },
      disabled: { type: Boolean, required: true, default: false },
      generation: { type: Number, min: 0 },
      stayed: { type: Number, min: 0 },
    },
    { timestamps: true, optimisticConcurrency: true, versionKey: 'version' },
  );
  schema.index({ email: 1 }, { unique: true });
  schema.index({ role: 1, _id: 1 });

  schema.method('hashPassword', async function hashPassword(this: UserDoc) {
    // A save that is tried again finds the hash there.
    if (!this.isModified('password') || this.$locals['hash'] === this.password) return;
    this.$locals['hash'] = this.password = await toHash(this.password);
  });

  schema.pre('save', async function () {
    await this.hashPassword();
  });

  schema.static('build', function build(this: UserModel, attrs: UserAttrs): UserDoc {
    return new this({
      email: attrs.email,
      password: attrs.password,
      ...(attrs.name !== undefined && { name: attrs.name }),
    });
  });

  schema.static('adopt', async function adopt(this: UserModel) {
    const opened = { $toDate: '$_id' };
    const missing = {
      ...{ role: 'user', emailVerified: false, disabled: false, version: 0 },
      ...{ createdAt: opened, updatedAt: opened },
    };
    // It stored addresses as they were typed.
    const email = { $toLower: { $trim: { input: '$email' } } };
    await this.collection.updateMany({ version: { $exists: false } }, [
      { $set: { ...missing, email } },
      { $unset: '__v' },
    ]);
  });

  schema.static('page', function page(this: UserModel, { email, role, after, limit }: UserQuery) {
    const filter = {
      // A range and not a pattern: what was sent is never a regular expression, and the index serves it.
      ...(email !== undefined && { email: trusted({ $gte: email, $lt: `${email}\uffff` }) }),
      ...(role !== undefined && { role }),
      ...(after !== undefined && { _id: trusted({ $gt: after }) }),
    };
    return this.find(filter).sort({ _id: 1 }).limit(limit).lean();
  });

  schema.static(
    'changeEnabled',
    async function changeEnabled(
      this: UserModel,
      ...[id, where, change, tx]: Parameters<UserModel['changeEnabled']>
    ) {
      if (!id) return null;
      const raised = { ...change, $inc: { ...change.$inc, version: 1 } };
      const options = { returnDocument: 'after' as const, session: tx };
      return this.findOneAndUpdate({ _id: id, disabled: false, ...where }, raised, options).lean();
    },
  );

  schema.static(
    'touchOtherAdmins',
    async function touchOtherAdmins(this: UserModel, id: Types.ObjectId, tx: Transaction) {
      const others = { role: 'admin' as const, disabled: false, _id: trusted({ $ne: id }) };
      const touched = await this.updateMany(
        others,
        { $inc: { stayed: 1 } },
        { session: tx, timestamps: false },
      );
      return touched.matchedCount;
    },
  );

  return connection.model<UserRecord, UserModel>('User', schema, 'users');
}
