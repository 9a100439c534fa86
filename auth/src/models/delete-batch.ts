import type { Connection } from 'mongoose';

interface StoredModel {
  db: Connection;
  collection: { name: string };
}

/**
 * Deletes documents that nothing needs any more: a bounded number, outside of any transaction, so that nobody has to wait
 * however many there are. Returns how many it found; fewer than the limit means that none is left.
 * @param filter for the driver, which casts nothing: of our own making, never from input
 */
export async function deleteBatch(model: StoredModel, filter: object, limit: number): Promise<number> {
  const documents = model.db.getClient().db(model.db.name).collection(model.collection.name);
  const found = await documents.find(filter, { projection: { _id: 1 }, limit }).toArray();
  const ids = found.map(({ _id }) => _id);
  if (ids.length > 0) await documents.deleteMany({ _id: { $in: ids } });
  return ids.length;
}
