import {
  mongo,
  Schema,
  trusted,
  type Connection,
  type HydratedDocument,
  type Model,
  type Types,
} from 'mongoose';
import { tellChanges } from './changes';
import type { Transaction } from './database';
import type { UserRecord } from './user';

/** Where a session is used from. */
export interface SessionClient {
  ip: string;
  userAgent: string;
}

/** What is needed to build a session. */
export interface SessionAttrs extends SessionClient {
  /** Random: nothing else tells one session from another. */
  id: string;
  user: Types.ObjectId;
  /** The generation that the account had when its password was checked. */
  generation: number;
  /** The time of the sign-in or sign-up, which gives a password. */
  createdAt: Date;
  expiresAt: Date;
  knownDevice: boolean;
}

/** A session as stored. */
export interface SessionRecord extends SessionClient {
  _id: string;
  user: Types.ObjectId;
  createdAt: Date;
  lastUsedAt: Date;
  expiresAt: Date;
  /** Missing means 0, as with users. */
  generation?: number;
  /** Whether the account had signed in from this browser before; missing where the previous version began it. */
  knownDevice?: boolean;
  /** When a password was last given to it. The previous version does not write it; `createdAt` then counts. */
  passwordAt?: Date;
  /** Set when this session alone was ended. */
  endedAt?: Date;
}

export type SessionDoc = HydratedDocument<SessionRecord>;

/** A session that is alive, with the user that it belongs to. */
export interface LiveSession {
  session: SessionRecord;
  user: UserRecord;
}

/** The account whose sessions are meant, in its present generation. */
export type SessionOwner = Pick<UserRecord, '_id' | 'generation'>;

export interface SessionModel extends Model<SessionRecord> {
  build(attrs: SessionAttrs): SessionDoc;
  /** The session with its user, in one round trip; undefined if either has ended, is gone or is disabled. */
  findLive(id: string, now: Date): Promise<LiveSession | undefined>;
  /** The live sessions of an account, most recently used first. */
  listLive(owner: SessionOwner, page: { now: Date; limit: number }): Promise<SessionRecord[]>;
  /**
   * The ids of live sessions of an account past a cap: those of unknown devices, then the longest unused. The one that
   * was used last is not among them.
   */
  listSurplus(owner: SessionOwner, bounds: { now: Date; cap: number; limit: number }): Promise<string[]>;
  /** Marks sessions as ended, those of one user if it is given. Returns how many were alive. */
  end(ids: string[], now: Date, user?: Types.ObjectId): Promise<number>;
  /** Records a use of a session. Returns whether it was alive. */
  touch(session: SessionRecord, used: Pick<SessionRecord, 'lastUsedAt' | 'expiresAt'>): Promise<boolean>;
  /** Records that a password was given to a session. Returns whether it was alive. */
  confirm(session: SessionRecord, passwordAt: Date): Promise<boolean>;
  /**
   * Moves a session into the generation to which its account was just raised. Returns whether it was alive.
   * @param passwordAt when a password was given to it with that event, if one was
   */
  keep(session: SessionRecord, owner: SessionOwner, tx: Transaction, passwordAt?: Date): Promise<boolean>;
}

// No account has this generation, so that the previous version, which does not know `endedAt`, sees the end too.
const endedGeneration = -1;

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
      generation: { type: Number, min: endedGeneration },
      knownDevice: { type: Boolean },
      passwordAt: { type: Date },
      endedAt: { type: Date },
    },
    { versionKey: false },
  );
  // Serves the list of one account's live sessions, whatever number of ended ones it has.
  schema.index({ user: 1, generation: 1, lastUsedAt: -1, _id: 1 });
  // Serves the look for those past the cap.
  schema.index({ user: 1, generation: 1, knownDevice: -1, lastUsedAt: -1, _id: 1 });
  schema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

  tellChanges(schema, connection, (session) => ({ session }));

  schema.static('build', function build(this: SessionModel, { id, ...attrs }: SessionAttrs): SessionDoc {
    return new this({ ...attrs, _id: id, lastUsedAt: attrs.createdAt, passwordAt: attrs.createdAt });
  });

  schema.static('findLive', async function findLive(this: SessionModel, id: string, now: Date) {
    // MongoDB removes expired sessions only about once a minute, so the time is compared here too.
    const [match] = await this.aggregate<SessionRecord & { owners: UserRecord[] }>(
      [
        { $match: { _id: id, expiresAt: { $gt: now }, endedAt: null } },
        { $lookup: { from: 'users', localField: 'user', foreignField: '_id', as: 'owners' } },
      ],
      { readConcern: { level: 'majority' } },
    );
    if (!match) return undefined;
    const {
      owners: [user],
      ...session
    } = match;
    const isLive = user && !user.disabled && (session.generation ?? 0) === (user.generation ?? 0);
    return isLive ? { session, user } : undefined;
  });

  schema.static(
    'listLive',
    function listLive(this: SessionModel, ...[owner, page]: Parameters<SessionModel['listLive']>) {
      return this.find(liveOf(owner, page.now)).sort({ lastUsedAt: -1, _id: 1 }).limit(page.limit).lean();
    },
  );

  schema.static(
    'listSurplus',
    async function listSurplus(
      this: SessionModel,
      ...[owner, { now, cap, limit }]: Parameters<SessionModel['listSurplus']>
    ) {
      // In one look, so that many sign-ins at once agree on which ones these are.
      const [lastKept, ...surplus] = await this.find(liveOf(owner, now))
        .sort({ knownDevice: -1, lastUsedAt: -1, _id: 1 })
        .skip(cap - 1)
        .limit(limit + 1)
        .select('_id')
        .lean();
      if (!lastKept || surplus.length === 0) return [];
      // Otherwise nobody could sign in from a new device once all sessions are those of known ones.
      const [newest] = await this.listLive(owner, { now, limit: 1 });
      return surplus.map(({ _id }) => (_id === newest?._id ? lastKept._id : _id));
    },
  );

  schema.static(
    'end',
    async function end(this: SessionModel, ...[ids, now, user]: Parameters<SessionModel['end']>) {
      const alive = { _id: trusted({ $in: ids }), endedAt: null, ...(user && { user }) };
      const mark = { endedAt: now, expiresAt: now, generation: endedGeneration };
      return (await this.updateMany(alive, mark)).modifiedCount;
    },
  );

  schema.static(
    'touch',
    async function touch(this: SessionModel, ...[session, used]: Parameters<SessionModel['touch']>) {
      return (await this.updateOne(alive(session), used)).matchedCount === 1;
    },
  );

  schema.static(
    'confirm',
    async function confirm(
      this: SessionModel,
      ...[session, passwordAt]: Parameters<SessionModel['confirm']>
    ) {
      return (await this.updateOne(alive(session), { $max: { passwordAt } })).matchedCount === 1;
    },
  );

  schema.static(
    'keep',
    async function keep(
      this: SessionModel,
      ...[session, owner, tx, passwordAt]: Parameters<SessionModel['keep']>
    ) {
      const { generation = 0 } = owner;
      const before = alive({ _id: session._id, generation: generation - 1 });
      const update = { generation, ...(passwordAt && { passwordAt }) };
      return (await this.updateOne(before, update, { session: tx })).matchedCount === 1;
    },
  );

  return connection.model<SessionRecord, SessionModel>('Session', schema, 'sessions');
}

/** About how many bytes a session takes in memory, with its user. Objects take about three times what BSON does. */
export const bytesOf = ({ session, user }: LiveSession): number =>
  3 * (mongo.BSON.calculateObjectSize(session) + mongo.BSON.calculateObjectSize(user));

/** Matches the live sessions of an account. */
const liveOf = ({ _id: user, generation }: SessionOwner, now: Date) => ({
  user,
  generation: storedGeneration(generation),
  endedAt: null,
  expiresAt: trusted({ $gt: now }),
});

/** Matches a session unless it has ended since it was read. */
const alive = ({ _id, generation }: Pick<SessionRecord, '_id' | 'generation'>) => ({
  _id,
  generation: storedGeneration(generation),
  endedAt: null,
});

/** Matches a generation as stored: older documents have none, which means 0. */
const storedGeneration = (generation = 0) => (generation === 0 ? trusted({ $in: [0, null] }) : generation);
