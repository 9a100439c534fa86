import { Schema, trusted, type Connection, type Model } from 'mongoose';
import type { Transaction } from './database';
import type { MailKind } from './mail';
import { hashOf } from './hash-of';

/** For one kind of mail and one address: who has asked for a mail during the cool-down. A missing slot is free. */
export interface MailSlotRecord {
  /** A hash of kind and address, so that the collection holds no addresses. */
  _id: string;
  /** Who has got a mail, as a hash, and when that one may get another. At most `mailsPerSlot`. */
  takers: { by: string; until: Date }[];
  /** When the last cool-down ends. MongoDB then deletes the slot. */
  freeAt: Date;
  /** How often a mail was asked for since the slot was last free. */
  asked: number;
  /** Whether the last request has got its mail. */
  granted: boolean;
  refusedAt?: Date;
}

/** How many mails of a kind an address gets within a cool-down, about different accounts or states of one. */
export const mailsPerSlot = 5;

/** What a cool-down is about. */
export interface MailSlot {
  kind: MailKind;
  to: string;
  /** The account, in the state of the mail's link: the cool-down ends with the link. Missing where nobody is known. */
  about?: string;
}

export interface MailSlotModel extends Model<MailSlotRecord> {
  /**
   * Takes a place in a slot for that time if there is one, in one conditional write (decision 9).
   * @returns whether there was one; the write of the mail is then still to come. Otherwise this makes two writes, so that
   * the response takes the same time
   */
  take(slot: MailSlot, coolDownSeconds: number, tx?: Transaction): Promise<boolean>;
  /**
   * Defers a mail that must not be suppressed: the next one of its kind to its address is due a cool-down after it. Nobody
   * can put it off for longer than that.
   * @returns when it is due, by the database's clock
   */
  defer(slot: MailSlot, coolDownSeconds: number, tx: Transaction): Promise<Date>;
  /** Whether that one has a place now. It writes nothing, so transactions do not wait for each other. */
  isTaken(slot: MailSlot, tx?: Transaction): Promise<boolean>;
}

const sha256 = { type: String, required: true, match: /^[0-9a-f]{64}$/ };

export function createMailSlotModel(connection: Connection): MailSlotModel {
  const schema = new Schema<MailSlotRecord, MailSlotModel>(
    {
      _id: sha256,
      takers: {
        type: [new Schema({ by: sha256, until: { type: Date, required: true } }, { _id: false })],
        required: true,
      },
      freeAt: { type: Date, required: true },
      asked: { type: Number, required: true, min: 1 },
      granted: { type: Boolean, required: true },
      refusedAt: { type: Date },
    },
    { versionKey: false },
  );
  schema.index({ freeAt: 1 }, { expireAfterSeconds: 0 });

  schema.static(
    'take',
    async function take(this: MailSlotModel, ...[slot, seconds, tx]: Parameters<MailSlotModel['take']>) {
      const { _id, by } = keyOf(slot);
      const stages = asking(by, seconds * 1000);
      // If two requests make the slot at once, MongoDB repeats one of them; inside a transaction that is a conflict.
      const { granted } = await this.findOneAndUpdate({ _id }, stages, {
        upsert: true,
        returnDocument: 'after',
        updatePipeline: true,
      })
        .session(tx ?? null)
        .lean();
      if (granted) return true;
      await this.updateOne({ _id }, { $currentDate: { refusedAt: true } }).session(tx ?? null);
      return false;
    },
  );

  schema.static(
    'defer',
    async function defer(this: MailSlotModel, ...[slot, seconds, tx]: Parameters<MailSlotModel['defer']>) {
      const { freeAt } = await this.findOneAndUpdate({ _id: keyOf(slot)._id }, deferring(seconds * 1000), {
        upsert: true,
        returnDocument: 'after',
        updatePipeline: true,
      })
        .session(tx)
        .lean();
      return new Date(freeAt.getTime() - seconds * 1000);
    },
  );

  schema.static('isTaken', async function isTaken(this: MailSlotModel, slot: MailSlot, tx?: Transaction) {
    const { _id, by } = keyOf(slot);
    const isTheirs = { $and: [{ $eq: ['$$this.by', by] }, { $gt: ['$$this.until', '$$NOW'] }] };
    const anyIs = { $anyElementTrue: [{ $map: { input: '$takers', in: isTheirs } }] };
    return (await this.exists({ _id, $expr: trusted(anyIs) }).session(tx ?? null)) !== null;
  });

  return connection.model<MailSlotRecord, MailSlotModel>('MailSlot', schema, 'mailslots');
}

/** By the database's clock. */
function asking(by: string, coolDownMs: number) {
  const waiting = {
    $filter: { input: { $ifNull: ['$takers', []] }, cond: { $gt: ['$$this.until', '$$NOW'] } },
  };
  const isFree = {
    $and: [{ $not: { $in: [by, '$takers.by'] } }, { $lt: [{ $size: '$takers' }, mailsPerSlot] }],
  };
  const until = { $add: ['$$NOW', coolDownMs] };
  const taken = { $concatArrays: ['$takers', [{ by, until }]] };
  return [
    { $set: { takers: waiting } },
    {
      $set: {
        granted: isFree,
        asked: { $cond: [{ $eq: ['$takers', []] }, 1, { $add: ['$asked', 1] }] },
        takers: { $cond: [isFree, taken, '$takers'] },
        freeAt: { $cond: [isFree, until, '$freeAt'] },
      },
    },
  ];
}

/** By the database's clock. */
function deferring(coolDownMs: number) {
  const latest = { $add: ['$$NOW', coolDownMs] };
  const due = { $max: ['$$NOW', { $min: [{ $ifNull: ['$freeAt', '$$NOW'] }, latest] }] };
  const asked = { $add: [{ $ifNull: ['$asked', 0] }, 1] };
  return [{ $set: { takers: [], asked, granted: true, freeAt: { $add: [due, coolDownMs] } } }];
}

const keyOf = ({ kind, to, about = '' }: MailSlot) => ({ _id: hashOf(`${kind}:${to}`), by: hashOf(about) });
