import type { mongo } from 'mongoose';
import type { Difference } from './collection-schema';
import { isDuplicateKey } from '../database';
import { nameOf, type Index } from './indexes';
import { NotReadyError } from '../not-ready-error';
import { lockMs, patiently, type ChangeContext } from './patiently';

// A build is allowed the time that a slow machine takes, and twice as much with each further try.
const documentsPerMs = 20;

/**
 * Makes the indexes that are missing, in the place of those that are in their way.
 * @throws {NotReadyError} where two documents have the same value of what a unique index is about
 */
export async function changeIndexes(
  { wanted: { name }, present, missingIndexes, conflictingIndexes }: Difference,
  context: ChangeContext,
): Promise<void> {
  if (missingIndexes.length === 0) return;
  const collection = context.db.collection(name);
  if (conflictingIndexes.length > 0) await requireNoDuplicates(collection, missingIndexes);
  for (const index of conflictingIndexes) {
    await patiently(context, name, { dropIndexes: name, index: index.name });
    context.listener.info(`${name}: removed the index ${index.name ?? ''}, which has other options`);
  }
  const buildMs = (await collection.estimatedDocumentCount()) / documentsPerMs;
  const indexes = missingIndexes.map((index) => ({ ...index, name: nameOf(index) }));
  try {
    const limitMs = (tries: number): number => lockMs + buildMs * 2 ** tries;
    await patiently(context, name, { createIndexes: name, indexes }, limitMs);
  } catch (error) {
    throw isDuplicateKey(error) ? new NotReadyError(duplicatesOf(name, missingIndexes)) : error;
  }
  if (present) context.listener.info(`${name}: made the indexes ${indexes.map(nameOf).join(', ')}`);
}

/** An index is removed only where the unique one can follow. */
async function requireNoDuplicates(collection: mongo.Collection, indexes: Index[]): Promise<void> {
  for (const field of uniqueFields(indexes)) {
    const found = await collection.aggregate([...duplicateStages(field), { $limit: 1 }]).toArray();
    if (found.length > 0) throw new NotReadyError(duplicatesOf(collection.collectionName, indexes));
  }
}

function duplicatesOf(name: string, indexes: Index[]): string {
  const shown = uniqueFields(indexes).map(
    (field) =>
      `mongosh "$MONGO_URI" --eval 'db.${name}.aggregate(${JSON.stringify(duplicateStages(field))})'`,
  );
  return `${name}: a unique index can’t be made, because documents share a value (E11000). Change or remove them; this shows them: ${shown.join(' ; ')}`;
}

const duplicateStages = (field: string) => [
  { $group: { _id: `$${field}`, count: { $sum: 1 }, ids: { $push: '$_id' } } },
  { $match: { count: { $gt: 1 } } },
];

const uniqueFields = (indexes: Index[]): string[] =>
  indexes.filter(({ unique }) => unique).flatMap(({ key }) => Object.keys(key).slice(0, 1));
