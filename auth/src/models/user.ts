import { Schema, type Connection, type HydratedDocument, type Model, type Types } from 'mongoose';

const roles = ['user', 'admin'] as const;
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
  disabled: boolean;
  createdAt: Date;
  updatedAt: Date;
  version: number;
}

export type UserDoc = HydratedDocument<UserRecord>;

export interface UserModel extends Model<UserRecord> {
  build(attrs: UserAttrs): UserDoc;
}

// Written in JavaScript and in MongoDB's $jsonSchema alike. The rules for people's input are stricter: see the routes.
const normalisedEmail = /^[!-?\[-~]+@[!-?\[-~]+$/;
const storedPassword = /^[0-9a-f]{128}[.][0-9a-f]{16,64}([.]ln=[0-9]+,r=[0-9]+,p=[0-9]+)?$/;

/** @param toHash turns a password in plain text into what is stored; called when, and only when, it was modified */
export function createUserModel(
  connection: Connection,
  toHash: (password: string) => Promise<string>,
): UserModel {
  const schema = new Schema<UserRecord, UserModel>(
    {
      email: { type: String, required: true, maxlength: 254, match: normalisedEmail },
      password: { type: String, required: true, storedMatch: storedPassword },
      name: { type: String, minlength: 1, maxlength: 100 },
      role: { type: String, required: true, enum: roles, default: 'user' },
      emailVerified: { type: Boolean, required: true, default: false },
      disabled: { type: Boolean, required: true, default: false },
    },
    { timestamps: true, optimisticConcurrency: true, versionKey: 'version' },
  );
  schema.index({ email: 1 }, { unique: true });

  schema.pre('save', async function () {
    if (this.isModified('password')) this.password = await toHash(this.password);
  });

  schema.static('build', function build(this: UserModel, attrs: UserAttrs): UserDoc {
    return new this({
      email: attrs.email,
      password: attrs.password,
      ...(attrs.name !== undefined && { name: attrs.name }),
    });
  });

  return connection.model<UserRecord, UserModel>('User', schema, 'users');
}
