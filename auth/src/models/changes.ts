import { Types, type Connection, type Model, type Query, type Schema } from 'mongoose';
import type { Transaction } from './database';

/** What a write may have changed: one session, one user with all that belongs to it, or anything. */
export type Changed = { session: string } | { user: string } | 'anything';

const event = 'changed';

/** Calls the listener after each write of this process to users and sessions; in a transaction, once that has ended. */
export function onOwnChange(connection: Connection, listener: (changed: Changed) => void): () => void {
  connection.on(event, listener);
  return () => void connection.off(event, listener);
}

/**
 * Lets a model tell what it writes. A write that fails tells nothing: whether it was written, the change stream knows.
 * @param of what the id of a document stands for
 */
export function tellChanges<T, M extends Model<T, object, I>, I>(
  schema: Schema<T, M, I>,
  connection: Connection,
  of: (id: string) => Changed,
): void {
  const tell = (ids: string[] | undefined, tx: Transaction | null | undefined): void => {
    const changes = ids?.map(of) ?? ['anything' as const];
    const now = (): void => {
      for (const changed of changes) connection.emit(event, changed);
    };
    if (!tx?.inTransaction()) now();
    // Its other writes listen too, and those of its repetitions.
    else tx.setMaxListeners(0).once('ended', now);
  };
  schema.post(
    [
      'updateOne',
      'updateMany',
      'replaceOne',
      'findOneAndUpdate',
      'findOneAndReplace',
      'findOneAndDelete',
      'deleteOne',
      'deleteMany',
    ],
    { query: true, document: false },
    function (this: Query<unknown, unknown>, result: unknown) {
      tell(idsIn(this.getFilter()['_id']) ?? idOfResult(result), this.getOptions().session);
    },
  );
  schema.post('save', function () {
    tell([String(this._id)], this.$session());
  });
  schema.post('bulkWrite', () => {
    tell(undefined, undefined);
  });
}

/** The ids that a filter names; undefined where it may match any. */
function idsIn(filter: unknown): string[] | undefined {
  const { $in } = (filter ?? {}) as { $in?: unknown };
  const ids = (Array.isArray($in) ? $in : [filter]) as unknown[];
  return ids.every(isId) ? ids.map(String) : undefined;
}

/** The id of the document that a call has answered; none where it found none; undefined where it answers no document. */
function idOfResult(result: unknown): string[] | undefined {
  if (result === null) return [];
  const { _id } = result as { _id?: unknown };
  return isId(_id) ? [String(_id)] : undefined;
}

const isId = (value: unknown): value is string | Types.ObjectId =>
  typeof value === 'string' || value instanceof Types.ObjectId;
