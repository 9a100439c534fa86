import type { mongo } from 'mongoose';
import { admits } from './admits';
import {
  collectionSchemaOf,
  rulesOf,
  type CollectionModel,
  type PresentCollection,
} from './collection-schema';
import { readState, schemaVersion } from './state';

/**
 * Whether somebody has put a narrower validator in the place of this version's, and changed nothing else: a version of
 * the service from before `schemaVersion` 2 does so when it restarts beside this one, after a rollback or in a rollout.
 */
export async function isNarrowed(
  db: mongo.Db,
  models: Record<'users', CollectionModel> & { others: CollectionModel[] },
) {
  const { users, others } = models;
  const wanted = { users: collectionSchemaOf(users), others: others.map(collectionSchemaOf) };
  const { newest, isAdopted, differences } = await readState(db, wanted);
  const isOurs = newest === schemaVersion && isAdopted;
  const rules = differences.map(({ wanted, present, missingIndexes }) => ({
    // A collection without a validator is perhaps being restored from a backup.
    isReplaced: Object.keys(rulesOfPresent(present)).length > 0 && missingIndexes.length === 0,
    isNarrower: !admits(rulesOfPresent(present), wanted.rules),
  }));
  return isOurs && rules.every(({ isReplaced }) => isReplaced) && rules.some(({ isNarrower }) => isNarrower);
}

const rulesOfPresent = (present: PresentCollection | undefined) =>
  present ? rulesOf(present.validation) : {};
