import { Schema, trusted, type Connection, type Model, type Types } from 'mongoose';
import { RateLimiterMongo, RateLimiterRes } from 'rate-limiter-flexible';
import { isConnected } from './connect-database';

/** One count of one limit, in the form of `rate-limiter-flexible`. */
export interface LimitRecord {
  _id: Types.ObjectId;
  /** The limit's name and a hash of each thing that it is about. */
  key: string;
  /** What was counted, with what was refused past the limit. */
  points: number;
  /** When the window ends. */
  expire: Date;
}

/** What was counted in one window of a key. */
export interface Counted {
  key: string;
  /** How many the limit allows. */
  max: number;
  /** When the window ends, by this process's clock, or a moment later. */
  until: Date;
}

/**
 * Counts that many against a key of a limit, for all processes. Returns how many of them are allowed, and for how many ms
 * the others are not.
 */
export type Count = (
  key: string,
  many: number,
) => Promise<{ allowed: number; blockedMs: number; counted: Counted }>;

export interface LimitModel extends Model<LimitRecord> {
  counter(rate: { points: number; seconds: number }): Count;
  /** Takes one off each count, if its window has not ended. What was refused past the limit does not count there. */
  giveBack(counts: Counted[]): Promise<void>;
  /** Whether the database can be written to, as far as the driver has heard. */
  hasPrimary(): boolean;
  /** The counts whose key is one of these, or one of these and then a colon and more. */
  under(keys: string[]): Promise<LimitRecord[]>;
}

// The database's clock may be ahead of a process's, and must not end a window that lasts there.
const keptSeconds = 5 * 60;

export function createLimitModel(connection: Connection): LimitModel {
  const schema = new Schema<LimitRecord, LimitModel>(
    {
      key: { type: String, required: true, maxlength: 200 },
      points: { type: Number, required: true },
      expire: { type: Date, required: true },
    },
    { versionKey: false },
  );
  schema.index({ key: 1 }, { unique: true });
  schema.index({ expire: 1 }, { expireAfterSeconds: keptSeconds });

  schema.static(
    'counter',
    function counter(this: LimitModel, ...[{ points, seconds }]: Parameters<LimitModel['counter']>) {
      // Its own memory of blocks is not used: it has no bound, and reads all of it with each block past a thousand.
      const limiter = new RateLimiterMongo({
        storeClient: this.db.getClient(),
        dbName: this.db.name,
        tableName: this.collection.collectionName,
        disableIndexesCreation: true,
        keyPrefix: '',
        points,
        duration: seconds,
      });
      const count: Count = async (key, many) => {
        const windowOf = ({ msBeforeNext }: RateLimiterRes): Counted => ({
          key,
          max: points,
          until: new Date(Date.now() + msBeforeNext),
        });
        try {
          return { allowed: many, blockedMs: 0, counted: windowOf(await limiter.consume(key, many)) };
        } catch (refusal) {
          if (!(refusal instanceof RateLimiterRes)) throw refusal;
          const allowed = Math.max(0, points - (refusal.consumedPoints - many));
          // The process that began the window may have a clock that is ahead.
          const blockedMs = Math.min(Math.max(refusal.msBeforeNext, 1), seconds * 1000);
          return { allowed, blockedMs, counted: windowOf(refusal) };
        }
      };
      return count;
    },
  );

  schema.static(
    'giveBack',
    async function giveBack(this: LimitModel, ...[counts]: Parameters<LimitModel['giveBack']>) {
      // Not by the library, which would begin a new window with -1 if this one has ended, and knows no window from the next.
      const updates = counts.map(({ key, max, until }) => ({
        updateOne: {
          filter: { key, points: { $gte: 1 }, expire: { $gt: new Date(), $lte: until } },
          update: [{ $set: { points: { $subtract: [{ $min: ['$points', max] }, 1] } } }],
        },
      }));
      await this.collection.bulkWrite(updates, { ordered: false });
    },
  );

  schema.static('hasPrimary', () => isConnected(connection));

  schema.static('under', function under(this: LimitModel, keys: string[]) {
    const isUnder = keys.map((key) => ({ key: trusted({ $regex: `^${key}(:|$)` }) }));
    return this.find({ $or: isUnder, expire: trusted({ $gt: new Date() }) })
      .sort({ key: 1 })
      .lean();
  });

  return connection.model<LimitRecord, LimitModel>('Limit', schema, 'limits');
}
