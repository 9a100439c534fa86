import { Schema, trusted, type Connection, type HydratedDocument, type Model, type Types } from 'mongoose';
import type { Transaction } from './database';
import type { UserRecord } from './user';

/** Where a session is used from. */
export interface SessionClient {
  ip: string;
  userAgent: string;
}

/** What is needed to build a session. */
export interface SessionAttrs extends SessionClient {
  /** Random: it is all that tells one session from another. */
  id: string;
  user: Types.ObjectId;
  /** The generation that the account had when its password was checked. */
  generation: number;
  createdAt: Date;
  expiresAt: Date;
}

/** What a session has, as it is stored. */
export interface SessionRecord extends SessionClient {
  _id: string;
  user: Types.ObjectId;
  createdAt: Date;
  lastUsedAt: Date;
  expiresAt: Date;
  /** None is 0, as with users. */
  generation?: number;
}

export type SessionDoc = HydratedDocument<SessionRecord>;

/** A session that has not expired, with the user it belongs to. */
export interface LiveSession {
  session: SessionRecord;
  user: UserRecord;
}

export interface SessionModel extends Model<SessionRecord> {
  build(attrs: SessionAttrs): SessionDoc;
  /** One round trip for what every signed-in request asks; undefined where it has ended or the user is gone or disabled. */
  findLive(id: string, now: Date): Promise<LiveSession | undefined>;
  /** A user's sessions that have not expired, the last used first. */
  listLive(user: Types.ObjectId, now: Date): Promise<SessionRecord[]>;
  deleteAllBut(id: string, user: Types.ObjectId, tx?: Transaction): Promise<void>;
}

export function createSessionModel(connection: Connection): SessionModel {
  const schema = new Schema<SessionRecord, SessionModel>(
    {
      _id: { type: String, required: true, minlength: 22 },
      user: { type: Schema.Types.ObjectId, required: true },
      createdAt: { type: Date, required: true },
      lastUsedAt: { type: Date, required: true },
      expiresAt: { type: Date, required: true },
      ip: { type: String, maxlength: 64, default: '' },
      userAgent: { type: String, maxlength: 256, default: '' },
      generation: { type: Number, min: 0 },
    },
    { versionKey: false },
  );
  schema.index({ user: 1 });
  schema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

  schema.static('build', function build(this: SessionModel, { id, ...attrs }: SessionAttrs): SessionDoc {
    return new this({ ...attrs, _id: id, lastUsedAt: attrs.createdAt });
  });

  schema.static('findLive', async function findLive(this: SessionModel, id: string, now: Date) {
    // MongoDB removes expired sessions about once a minute, so the time is compared here too.
    const [found] = await this.aggregate<SessionRecord & { owners: UserRecord[] }>([
      { $match: { _id: id, expiresAt: { $gt: now } } },
      { $lookup: { from: 'users', localField: 'user', foreignField: '_id', as: 'owners' } },
    ]);
    if (!found) return undefined;
    const {
      owners: [user],
      ...session
    } = found;
    const isLive = user && !user.disabled && (session.generation ?? 0) === (user.generation ?? 0);
    return isLive ? { session, user } : undefined;
  });

  schema.static('listLive', function listLive(this: SessionModel, user: Types.ObjectId, now: Date) {
    const live = { user, expiresAt: trusted({ $gt: now }) };
    return this.find(live).sort({ lastUsedAt: -1, _id: 1 }).lean();
  });

  schema.static(
    'deleteAllBut',
    async function deleteAllBut(this: SessionModel, id: string, user: Types.ObjectId, tx?: Transaction) {
      await this.deleteMany({ user, _id: trusted({ $ne: id }) }, tx && { session: tx });
    },
  );

  return connection.model<SessionRecord, SessionModel>('Session', schema, 'sessions');
}
