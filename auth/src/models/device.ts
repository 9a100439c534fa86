import { Schema, trusted, type Connection, type Model, type Types } from 'mongoose';

/** A browser in which an account has signed in. */
export interface DeviceRecord {
  /** The SHA-256 of a value in the browser's cookie and the account's id, in hex: nothing links two accounts. */
  _id: string;
  user: Types.ObjectId;
  /** The account's count of events that ended its devices. */
  epoch: number;
  createdAt: Date;
  lastUsedAt: Date;
  expiresAt: Date;
}

type Use = Pick<DeviceRecord, 'lastUsedAt' | 'expiresAt'>;

export interface DeviceModel extends Model<DeviceRecord> {
  /** The first known one of these. */
  findKnown(ids: string[], epoch: number, now: Date): Promise<DeviceRecord | null>;
  /** Records a sign-in. Returns whether the device was still there. */
  touch(device: DeviceRecord, use: Use): Promise<boolean>;
  /**
   * Adds a device, and deletes those of the account past that number: void ones first, then the longest unused. Returns
   * whether it is the only one that the account knows.
   */
  add(device: DeviceRecord, maxPerAccount: number): Promise<boolean>;
}

// So many are deleted at one sign-in: more than many of them at once can have added.
const trimLimit = 1000;

export function createDeviceModel(connection: Connection): DeviceModel {
  const schema = new Schema<DeviceRecord, DeviceModel>(
    {
      _id: { type: String, required: true, match: /^[0-9a-f]{64}$/ },
      user: { type: Schema.Types.ObjectId, required: true },
      epoch: { type: Number, required: true, min: 0 },
      createdAt: { type: Date, required: true },
      lastUsedAt: { type: Date, required: true },
      expiresAt: { type: Date, required: true },
    },
    { versionKey: false },
  );
  schema.index({ user: 1, epoch: -1, lastUsedAt: -1, _id: 1 });
  schema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

  schema.static(
    'findKnown',
    function findKnown(this: DeviceModel, ...[ids, epoch, now]: Parameters<DeviceModel['findKnown']>) {
      // MongoDB removes expired devices only about once a minute, so the time is compared here too.
      const known = { _id: trusted({ $in: ids }), epoch, expiresAt: trusted({ $gt: now }) };
      return this.findOne(known).lean();
    },
  );

  schema.static('touch', async function touch(this: DeviceModel, { _id, epoch }: DeviceRecord, use: Use) {
    // Of two sign-ins at once, the later one counts.
    return (await this.updateOne({ _id, epoch }, { $max: use })).matchedCount === 1;
  });

  schema.static('add', async function add(this: DeviceModel, device: DeviceRecord, maxPerAccount: number) {
    await new this(device).save();
    const surplus = await this.find({ user: device.user })
      .sort({ epoch: -1, lastUsedAt: -1, _id: 1 })
      .skip(maxPerAccount)
      .limit(trimLimit)
      .select('_id')
      .lean();
    if (surplus.length > 0) await this.deleteMany({ _id: trusted({ $in: surplus.map(({ _id }) => _id) }) });
    return (await this.countDocuments({ user: device.user, epoch: device.epoch }).limit(2)) === 1;
  });

  return connection.model<DeviceRecord, DeviceModel>('Device', schema, 'devices');
}
