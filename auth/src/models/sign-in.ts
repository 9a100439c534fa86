import { Schema } from 'mongoose';

/** A sign-in that a mail tells of. */
export interface SignIn {
  at: Date;
  ip: string;
  userAgent: string;
}

/** How many sign-ins one mail lists; of more it tells the number. */
export const listedSignIns = 10;

export const signInSchema = new Schema<SignIn>(
  {
    at: { type: Date, required: true },
    ip: { type: String, maxlength: 64 },
    userAgent: { type: String, maxlength: 256 },
  },
  { _id: false },
);

/** The part of an update of a waiting mail that adds sign-ins. */
export const addingSignIns = (signIns: SignIn[]) => ({
  $push: { signIns: { $each: signIns, $slice: -listedSignIns } },
  $inc: { signInCount: signIns.length },
});

/**
 * The stages of an update once a mail has told of so many sign-ins. With others that came while it was being sent, it
 * waits again; otherwise nobody needs them any more.
 * @param forMs until it is deleted
 * @param againMs until it is due again
 */
export function signInsTold(told: number, { forMs, againMs }: { forMs: number; againMs: number }) {
  const untold = { $subtract: ['$signInCount', told] };
  const ifMore = (more: unknown, none: unknown) => ({ $cond: [{ $gt: [untold, 0] }, more, none] });
  const newest = { $slice: ['$signIns', { $multiply: [-1, { $max: [1, untold] }] }] };
  return [
    {
      $set: {
        status: ifMore('pending', 'sent'),
        attempts: ifMore(0, '$attempts'),
        dueAt: ifMore({ $add: ['$$NOW', againMs] }, '$dueAt'),
        retryAt: '$$REMOVE',
        expiresAt: ifMore('$$REMOVE', { $add: ['$$NOW', forMs] }),
        signIns: ifMore(newest, '$$REMOVE'),
        signInCount: ifMore(untold, '$$REMOVE'),
      },
    },
  ];
}
