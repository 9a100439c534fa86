import type { Collection, Types } from 'mongoose';

/** Which of these ids the collection of a model has, in hex. */
export async function idsIn(
  { collection }: { collection: Collection },
  ids: Types.ObjectId[],
): Promise<Set<string>> {
  const found: unknown[] = await collection.distinct('_id', { _id: { $in: ids } });
  return new Set(found.map(String));
}
