import { Schema, type Connection, type Model } from 'mongoose';
import { majorityWrite } from './database';

/** What a process writes again and again, to hear of it by the change stream. */
export interface HeartbeatRecord {
  /** Of the process: random at its start. */
  _id: string;
  /** Counts the heartbeats. */
  n: number;
  at: Date;
}

export interface HeartbeatModel extends Model<HeartbeatRecord> {
  /** Resolves once a majority of the members has it. */
  beat(id: string, n: number): Promise<void>;
}

const keptSeconds = 60 * 60;

export function createHeartbeatModel(connection: Connection): HeartbeatModel {
  const schema = new Schema<HeartbeatRecord, HeartbeatModel>(
    {
      _id: { type: String, required: true, minlength: 22 },
      n: { type: Number, required: true, min: 1 },
      at: { type: Date, required: true },
    },
    { versionKey: false },
  );
  schema.index({ at: 1 }, { expireAfterSeconds: keptSeconds });

  schema.static('beat', async function beat(this: HeartbeatModel, _id: string, n: number) {
    await this.updateOne({ _id }, { n, at: new Date() }, { upsert: true, ...majorityWrite });
  });

  return connection.model<HeartbeatRecord, HeartbeatModel>('Heartbeat', schema, 'heartbeats');
}
