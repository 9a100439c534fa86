import { Schema, trusted, type Connection, type HydratedDocument, type Model, type Types } from 'mongoose';
import { tellChanges } from './changes';
import type { Transaction } from './database';
import { normalisedEmail, storedEmail } from './email-patterns';
import { accountLinks, type AccountEvent, type Ended } from './account-events';
import { profileOf, profileSchema, type Profile, type ProfileChange } from './profile';
import { endingsOf, type RevocationState, type UndoneChanges } from './revocation';
import { storedPassword } from './stored-password';
import { UniqueAddress } from './unique-address';

export const roles = ['user', 'admin'] as const;
export type Role = (typeof roles)[number];

/** What is needed to build a user. */
export interface UserAttrs extends ProfileChange {
  /** Normalised: see the e-mail field of the routes. */
  email: string;
  /** In plain text: saving hashes it. */
  password: string;
}

/** A user as stored. */
export interface UserRecord extends Profile, RevocationState {
  _id: Types.ObjectId;
  email: string;
  /** The hash, in the form that `Password` writes. */
  password: string;
  role: Role;
  emailVerified: boolean;
  /** The address that the user last asked to change to, until it is confirmed. */
  pendingEmail?: string;
  /** When the user last asked for it. Missing, or of an earlier request, where the previous version wrote the address. */
  pendingEmailAt?: Date;
  disabled: boolean;
  createdAt: Date;
  updatedAt: Date;
  /** Counts the changes of the account, so that a change based on an older state is detected. */
  version: number;
  /** Only written to, so that transactions conflict: see `touchOtherAdmins`. */
  adminChecks?: number;
}

/** Which users to list. */
export interface UserQuery {
  /** A normalised prefix of the address. */
  email?: string;
  role?: Role;
  /** The id after which the list begins. */
  after?: string;
  limit: number;
}

/** Which account an event changes, and only if it is still in that state. */
export type UserState = Partial<
  Pick<UserRecord, '_id' | 'email' | 'password' | 'pendingEmail' | 'disabled' | 'version'>
>;

/** What an event changes in a user, beside what it ends. */
export interface UserUpdate {
  $set?: Partial<UserRecord>;
  $unset?: typeof noPendingEmail;
  $push?: { undone: { $each: UndoneChanges[]; $slice: number } };
}

/** Takes back what was asked for as the new address. */
export const noPendingEmail = { pendingEmail: 1, pendingEmailAt: 1 } as const;

type ToHash = (password: string) => Promise<string>;

export interface UserMethods {
  /**
   * Replaces a password that was set with its hash. Saving does so too; a transaction then need not wait for it.
   * @param toHash hashes it for a caller who may have to wait; undefined for the model's own
   */
  hashPassword(toHash?: ToHash): Promise<void>;
}

export type UserDoc = HydratedDocument<UserRecord, UserMethods>;

export interface UserModel extends Model<UserRecord, object, UserMethods> {
  build(attrs: UserAttrs): UserDoc;
  /** The account with an address, as it is stored. Undefined for one from elsewhere whose id is no ObjectId. */
  findByAddress(email: string, tx?: Transaction): Promise<UserRecord | undefined>;
  /** At most `limit` users, oldest first. */
  page(query: UserQuery): Promise<UserRecord[]>;
  /**
   * Changes an account because of an event, together with what the event ends, and raises its version. Without an
   * update it only ends things, and the version stays. Returns the changed user; null if the state did not match.
   */
  applyEvent(
    event: AccountEvent,
    state: UserState,
    update: UserUpdate | undefined,
    context: { now: Date; tx?: Transaction | undefined },
  ): Promise<UserRecord | null>;
  /**
   * Counts the other enabled admins, and writes to each of them. Two transactions that remove each other's admin
   * therefore conflict: one is retried, and then sees what the other did (decision 8).
   */
  touchOtherAdmins(id: Types.ObjectId, tx: Transaction): Promise<number>;
  /** As `UniqueAddress.require`: for every transaction that gives an account an address. */
  requireUniqueAddress(tx: Transaction): Promise<void>;
}

// Sessions and links can't name an account from elsewhere that has another id.
const withId = { $type: 'objectId' as const };

const number = { type: Number, required: true };
const date = { type: Date, required: true };
const linkEndSchema = new Schema({ count: number, at: date }, { _id: false });
const counted: readonly Ended[] = [...accountLinks, 'devices'];
const endedSchema = new Schema(Object.fromEntries(counted.map((what) => [what, linkEndSchema])), {
  _id: false,
});
const undoneSchema = new Schema({ from: number, to: number, fromDate: date, toDate: date }, { _id: false });

/** @param toHash hashes a plain-text password; called only for a password that was modified */
export function createUserModel(connection: Connection, toHash: ToHash): UserModel {
  const schema = new Schema<UserRecord, UserModel, UserMethods>(
    {
      email: {
        type: String,
        required: true,
        maxlength: 254,
        match: normalisedEmail,
        storedMatch: storedEmail,
      },
      password: { type: String, required: true, storedMatch: storedPassword },
      ...profileSchema,
      role: { type: String, required: true, enum: roles, default: 'user' },
      emailVerified: { type: Boolean, required: true, default: false },
      pendingEmail: { type: String, maxlength: 254, match: normalisedEmail, storedMatch: storedEmail },
      pendingEmailAt: { type: Date },
      disabled: { type: Boolean, required: true, default: false },
      generation: { type: Number, min: 0 },
      othersSignedOut: { type: Number, min: 0 },
      ended: endedSchema,
      undone: { type: [undoneSchema], default: undefined },
      adminChecks: { type: Number, min: 0 },
    },
    { timestamps: true, optimisticConcurrency: true, versionKey: 'version' },
  );
  schema.index({ email: 1 }, { unique: true });
  schema.index({ role: 1, _id: 1 });

  tellChanges(schema, connection, (user) => ({ user }));

  schema.method('hashPassword', async function hashPassword(this: UserDoc, hash: ToHash = toHash) {
    // A retried save finds the hash already in place.
    if (!this.isModified('password') || this.$locals['hash'] === this.password) return;
    this.$locals['hash'] = this.password = await hash(this.password);
  });

  schema.pre('save', async function () {
    await this.hashPassword();
  });

  schema.static('build', function build(this: UserModel, attrs: UserAttrs): UserDoc {
    return new this({ email: attrs.email, password: attrs.password, ...profileOf(attrs) });
  });

  schema.static(
    'findByAddress',
    async function findByAddress(this: UserModel, email: string, tx?: Transaction) {
      const user = await this.findOne({ email, _id: trusted(withId) }, null, { session: tx ?? null }).lean();
      return user ?? undefined;
    },
  );

  schema.static('page', function page(this: UserModel, { email, role, after, limit }: UserQuery) {
    const filter = {
      // A range, not a pattern: input is never used as a regular expression, and the index serves the query.
      ...(email !== undefined && { email: trusted({ $gte: email, $lt: `${email}\u{10ffff}` }) }),
      ...(role !== undefined && { role }),
      _id: trusted({ ...withId, ...(after !== undefined && { $gt: after }) }),
    };
    return this.find(filter).sort({ _id: 1 }).limit(limit).lean();
  });

  schema.static(
    'applyEvent',
    function applyEvent(
      this: UserModel,
      ...[event, state, update, { now, tx }]: Parameters<UserModel['applyEvent']>
    ) {
      const endings = endingsOf(event, now);
      const changed = {
        ...update,
        $set: { ...update?.$set, ...endings.$set },
        $inc: { ...endings.$inc, ...(update && { version: 1 }) },
      };
      const options = {
        returnDocument: 'after' as const,
        session: tx ?? null,
        timestamps: update !== undefined,
      };
      return this.findOneAndUpdate(state, changed, options).lean();
    },
  );

  schema.static(
    'touchOtherAdmins',
    async function touchOtherAdmins(this: UserModel, id: Types.ObjectId, tx: Transaction) {
      const others = { role: 'admin' as const, disabled: false, _id: trusted({ ...withId, $ne: id }) };
      const touched = await this.updateMany(
        others,
        { $inc: { adminChecks: 1 } },
        { session: tx, timestamps: false },
      );
      return touched.matchedCount;
    },
  );

  let uniqueAddress: UniqueAddress | undefined;
  schema.static('requireUniqueAddress', function requireUniqueAddress(this: UserModel, tx: Transaction) {
    uniqueAddress ??= new UniqueAddress(this);
    return uniqueAddress.require(tx);
  });

  return connection.model<UserRecord, UserModel>('User', schema, 'users');
}

/**
 * The account without what MongoDB would refuse in a new document: another service may have stored a name that is none, or
 * a role that there isn't. Whatever is unsound gives no right.
 */
export function soundUser(user: UserRecord, now: Date): UserRecord {
  const { name, pendingEmail, pendingEmailAt, ...rest } = user;
  const given: Partial<Record<keyof UserRecord, unknown>> = user;
  const dateOr = (value: unknown): Date => (value instanceof Date ? value : now);
  return {
    ...rest,
    ...(typeof name === 'string' && name !== '' && name.length <= 200 && { name }),
    ...(typeof pendingEmail === 'string' && storedEmail.test(pendingEmail) && { pendingEmail }),
    ...(pendingEmailAt instanceof Date && { pendingEmailAt }),
    role: roles.find((role) => role === given.role) ?? 'user',
    emailVerified: given.emailVerified === true,
    disabled: Boolean(given.disabled),
    createdAt: dateOr(given.createdAt),
    updatedAt: dateOr(given.updatedAt),
  };
}
