import { Schema, trusted, type Connection, type HydratedDocument, type Model, type Types } from 'mongoose';
import type { Transaction } from './database';
import type { LinkPurpose } from './link-purposes';
import type { LinkMark, UndoneChanges } from './revocation';
import { addingSignIns, signInSchema, signInsTold, type SignIn } from './sign-in';
import { storedPassword } from './stored-password';

export const mailKinds = [
  'verification',
  'signup',
  'password-reset',
  // Only the previous version queues it.
  'password-choice',
  'password-changed',
  'email-change',
  'email-change-notice',
  'email-change-undone',
  'unverified-account-removed',
  'role-changed',
  'account-disabled',
  'account-enabled',
  'account-closed',
  'account-reopened',
  'new-sign-in',
] as const;
export type MailKind = (typeof mailKinds)[number];

/** The link that a mail of each kind carries. */
export const linkOfMail = {
  verification: 'verification',
  signup: 'signup',
  'password-reset': 'password-reset',
  'password-choice': 'password-reset',
  'password-changed': undefined,
  'email-change': 'email-change',
  'email-change-notice': 'email-change-undo',
  'email-change-undone': undefined,
  'unverified-account-removed': undefined,
  'role-changed': undefined,
  'account-disabled': undefined,
  'account-enabled': undefined,
  'account-closed': 'account-reopening',
  'account-reopened': 'password-reset',
  // It carries a link to reset the password, as it is when the mail is sent: whoever signed in could end an earlier one.
  'new-sign-in': undefined,
} as const satisfies Record<MailKind, LinkPurpose | undefined>;

/**
 * Which mail to write, and to whom. Its words and its token are made when it is sent, so no database holds them
 * (decision 9).
 */
export interface MailAttrs extends LinkMark {
  kind: MailKind;
  to: string;
  user?: Types.ObjectId;
  /** The requested address, for an `email-change-notice`. */
  newEmail?: string;
  /** For a `new-sign-in`: the last sign-ins, and how many there were. Both are missing once it has told of them. */
  signIns?: SignIn[];
  signInCount?: number;
  /** A hash that no password matches, for the previous version: it sends no `signup` mail without one. */
  password?: string;
  /** When it is removed: given when it is queued, or else set once it is sent or parked. */
  expiresAt?: Date;
  /** From 0 to 1, the same for all mails of one account. Missing where the previous version wrote the mail. */
  lane?: number;
}

/** A mail as stored. */
export interface MailRecord extends MailAttrs {
  _id: Types.ObjectId;
  status: 'pending' | 'sent' | 'parked';
  /** Attempts so far, including a running one. */
  attempts: number;
  /** When it is due, or due again, by the database's clock. While an attempt runs, its lease ends then. */
  dueAt: Date;
  /** The same as `dueAt` while it waits after a failed attempt: a claim moves `dueAt` alone, so it then has a lease. */
  retryAt?: Date;
  /** When it was asked for, by the service's clock. */
  createdAt: Date;
  /** Why the last attempt failed. */
  lastError?: string;
}

export type MailDoc = HydratedDocument<MailRecord>;

export interface MailModel extends Model<MailRecord> {
  build(attrs: MailAttrs, now: Date): MailDoc;
  /**
   * Queues a mail that is valid, or renews the one of that kind that waits already for that address, that account and
   * that state of its links. It keeps the oldest `version`, so that its undo link covers every change that it is about.
   * A mail that has ended is not renewed.
   * @param undone the undone changes of the account
   */
  addOrRenew(mail: MailDoc, undone: readonly UndoneChanges[], tx?: Transaction): Promise<void>;
  /** Adds sign-ins to the mail that waits to tell the account of others, or is just being sent. Returns whether one does. */
  addSignIns(
    owner: { to: string; user: Types.ObjectId },
    signIns: SignIn[],
    tx?: Transaction,
  ): Promise<boolean>;
  /**
   * A mail that is due, reserved for the caller until the lease ends. It is a random one, whose account has the same
   * chance however many mails it has, so nobody waits behind the mails of another account.
   */
  claim(leaseMs: number): Promise<MailRecord | null>;
  /** How many mails wait, up to that many, and when the oldest of these was asked for. */
  backlog(max: number): Promise<{ waiting: number; oldest?: Date }>;
  /** Mails to that address, the newest first. */
  findTo(to: string, limit: number): Promise<MailRecord[]>;
  /**
   * Makes mails to that address due at once that are parked or wait after a failed attempt: of each kind for an account
   * the newest one, if no other waits. Returns how many.
   */
  requeue(to: string, tx: Transaction): Promise<number>;
  /** Records the outcome of an attempt, unless its lease has ended and another attempt has begun. */
  finish(mail: MailRecord, outcome: MailOutcome): Promise<void>;
}

export type MailOutcome =
  /**
   * `forMs`: until it is due again, or deleted once it is sent or parked. `againMs`: until what came up while it was being
   * sent is told.
   */
  | { status: 'sent' | 'pending' | 'parked'; forMs: number; againMs?: number; lastError?: string }
  /** There is nobody to write to. */
  | { status: 'dropped' };

// No process's clock is compared with the database's.
const atOnce = new Date(0);

// Whoever only looks must not hold up a database that is busy.
const maxLookMs = 500;

export function createMailModel(connection: Connection): MailModel {
  const schema = new Schema<MailRecord, MailModel>(
    {
      kind: { type: String, required: true, enum: mailKinds },
      to: { type: String, required: true, maxlength: 254 },
      user: { type: Schema.Types.ObjectId },
      newEmail: { type: String, maxlength: 254 },
      epoch: { type: Number, min: 0 },
      version: { type: Number, min: 0 },
      signIns: { type: [signInSchema], default: undefined },
      signInCount: { type: Number, min: 1 },
      password: { type: String, match: storedPassword },
      lane: { type: Number, min: 0, max: 1 },
      status: { type: String, required: true, enum: ['pending', 'sent', 'parked'], default: 'pending' },
      attempts: { type: Number, required: true, default: 0 },
      dueAt: { type: Date, required: true },
      retryAt: { type: Date },
      createdAt: { type: Date, required: true },
      lastError: { type: String, maxlength: 300 },
      expiresAt: { type: Date },
    },
    { versionKey: false },
  );
  schema.index({ status: 1, lane: 1, dueAt: 1 });
  schema.index({ to: 1, status: 1, kind: 1 });
  // Serves the cleanup of ended mails, whatever number of others the account has.
  schema.index({ user: 1, status: 1, kind: 1, epoch: 1, createdAt: 1 });
  schema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

  schema.static('build', function build(this: MailModel, attrs: MailAttrs, now: Date) {
    return new this({ ...attrs, createdAt: now, dueAt: atOnce });
  });

  schema.static(
    'addOrRenew',
    async function addOrRenew(this: MailModel, ...[mail, undone, tx]: Parameters<MailModel['addOrRenew']>) {
      const { kind, to, user, epoch, status } = mail;
      const same = {
        kind,
        to,
        status,
        user: user ?? { $exists: false },
        ...(epoch !== undefined && { epoch }),
        ...(undone.length > 0 && {
          $nor: undone.map(({ from, to: last }) => ({ version: { $gte: from, $lte: last } })),
        }),
      };
      // By the driver: Mongoose would refuse these operators, which guard it against input.
      await this.collection.updateOne(same, [{ $set: renewed(mail.toObject()) }], {
        upsert: true,
        ...(tx && { session: tx }),
      });
    },
  );

  schema.static(
    'addSignIns',
    async function addSignIns(this: MailModel, ...[owner, signIns, tx]: Parameters<MailModel['addSignIns']>) {
      const waiting = {
        kind: 'new-sign-in' as const,
        to: owner.to,
        user: owner.user,
        status: 'pending' as const,
      };
      const adding = this.updateOne(waiting, addingSignIns(signIns)).session(tx ?? null);
      return (await adding).matchedCount === 1;
    },
  );

  schema.static('claim', async function claim(this: MailModel, leaseMs: number) {
    const due = {
      status: 'pending' as const,
      // A kind that only a newer version knows is left to that version.
      kind: trusted({ $in: mailKinds }),
      $expr: trusted({ $lte: ['$dueAt', '$$NOW'] }),
    };
    const lease = {
      attempts: { $add: ['$attempts', 1] },
      dueAt: { $add: ['$$NOW', leaseMs] },
    };
    const options = { returnDocument: 'after', updatePipeline: true } as const;
    const first = (filter: object, lane: 1 | -1): Promise<MailRecord | null> =>
      this.findOneAndUpdate({ ...due, ...filter }, [{ $set: lease }], options)
        .sort({ lane })
        .lean();
    // In both directions, so that the chance of an account does not depend on how close the next lane is.
    const point = Math.random();
    return Math.random() < 0.5
      ? ((await first({ lane: trusted({ $gte: point }) }, 1)) ?? first({}, 1))
      : ((await first({ lane: trusted({ $lt: point }) }, -1)) ?? first({}, -1));
  });

  schema.static('backlog', async function backlog(this: MailModel, max: number) {
    const [found] = await this.aggregate<{ waiting: number; oldest: Date }>([
      { $match: { status: 'pending' } },
      { $limit: max },
      { $group: { _id: null, waiting: { $sum: 1 }, oldest: { $min: '$createdAt' } } },
    ]).option({ maxTimeMS: maxLookMs });
    return found ?? { waiting: 0 };
  });

  schema.static('findTo', function findTo(this: MailModel, to: string, limit: number) {
    return this.find({ to }).sort({ createdAt: -1, _id: -1 }).limit(limit).lean();
  });

  schema.static('requeue', async function requeue(this: MailModel, to: string, tx: Transaction) {
    const unsent: MailRecord['status'][] = ['parked', 'pending'];
    const found = await this.find({ to, status: trusted({ $in: unsent }) }, null, { session: tx })
      .sort({ status: -1, createdAt: -1 })
      .lean();
    const isSame = (a: MailRecord, b: MailRecord): boolean =>
      a.kind === b.kind && String(a.user) === String(b.user);
    const newest = found.filter((mail, index) => found.findIndex((other) => isSame(mail, other)) === index);
    const failed = newest.filter(
      ({ status, dueAt, retryAt }) => status === 'parked' || +dueAt === Number(retryAt),
    );
    const ids = failed.map(({ _id }) => _id);
    const stages = [
      { $set: { status: 'pending', attempts: 0, dueAt: atOnce, retryAt: '$$REMOVE', expiresAt: ownEnd } },
    ];
    const options = { session: tx, updatePipeline: true };
    return (await this.updateMany({ _id: trusted({ $in: ids }) }, stages, options)).modifiedCount;
  });

  schema.static('finish', async function finish(this: MailModel, mail: MailRecord, outcome: MailOutcome) {
    const { _id, attempts, createdAt } = mail;
    const ours = { _id, attempts, status: 'pending' as const };
    const found =
      outcome.status === 'dropped'
        ? (await this.deleteOne({ ...ours, createdAt })).deletedCount
        : (await this.updateOne({ ...ours, createdAt }, stagesOf(mail, outcome), { updatePipeline: true }))
            .matchedCount;
    // Renewed while it was being sent: the letter may be about what was true before, so another one follows.
    if (found === 0) await this.updateOne(ours, { dueAt: atOnce, attempts: 0 });
  });

  return connection.model<MailRecord, MailModel>('Mail', schema, 'mails');
}

/** The end that a mail was queued with; that of a parked mail would remove it. */
const ownEnd = { $cond: [{ $eq: ['$kind', 'account-closed' satisfies MailKind] }, '$expiresAt', '$$REMOVE'] };

/** A mail that waits after a failed attempt is due at once. One that is being sent keeps its lease. */
function renewed({ _id, version, attempts, dueAt, ...facts }: MailRecord) {
  // Also where there is no mail yet, and both are missing.
  const waits = { $eq: ['$dueAt', '$retryAt'] };
  return {
    // An address may begin with the sign of an operator.
    ...Object.fromEntries(Object.entries(facts).map(([field, value]) => [field, { $literal: value }])),
    _id: { $ifNull: ['$_id', _id] },
    version: version === undefined ? '$$REMOVE' : { $min: ['$version', version] },
    dueAt: { $cond: [waits, dueAt, '$dueAt'] },
    attempts: { $cond: [waits, attempts, '$attempts'] },
    retryAt: '$$REMOVE',
  };
}

function stagesOf(
  { signInCount }: MailRecord,
  { status, forMs, againMs = 0, lastError }: Exclude<MailOutcome, { status: 'dropped' }>,
) {
  if (status === 'sent' && signInCount !== undefined) return signInsTold(signInCount, { forMs, againMs });
  const until = { $add: ['$$NOW', forMs] };
  const error = lastError === undefined ? {} : { lastError: { $literal: lastError } };
  return status === 'pending'
    ? [{ $set: { status, ...error, dueAt: until, retryAt: until } }]
    : // A mail that was queued with an end of its own keeps it.
      [{ $set: { status, ...error, expiresAt: { $ifNull: ['$expiresAt', until] } } }];
}
