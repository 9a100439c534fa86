import { mongo } from 'mongoose';
import type { Rules } from './json-schema';
import type { Listener } from './patiently';

const shownIds = 20;

/** Says which accounts have what this service would not have stored; they stay as they are. */
export async function nameInvalidAccounts(
  users: mongo.Collection,
  rules: Rules,
  listener: Listener,
): Promise<void> {
  const required = rules['required'] as string[];
  for (const [property, rule] of Object.entries(rules['properties'] as Record<string, Rules>)) {
    const valid = {
      properties: { [property]: rule },
      ...(required.includes(property) && { required: [property] }),
    };
    const invalid = { $nor: [{ $jsonSchema: valid }] };
    const count = await users.countDocuments(invalid);
    if (count === 0) continue;
    const found = await users
      .find(invalid, { projection: { _id: 1 } })
      .limit(shownIds)
      .toArray();
    const ids = namedIds(
      found.map(({ _id }) => _id),
      count,
    );
    listener.warn(
      `${users.collectionName}: accounts with a \`${property}\` that this service would not store, and that stay as they are: ${ids}`,
    );
  }
}

/** How many, and the ids of the first ones. An id that is no ObjectId may be somebody's address: it is not written. */
export function namedIds(ids: unknown[], count = ids.length): string {
  const shown = ids
    .slice(0, shownIds)
    .map((id) => (id instanceof mongo.ObjectId ? id.toHexString() : 'no ObjectId'));
  return `${count} (${shown.join(', ')}${count > shownIds ? ', …' : ''})`;
}
