import { setTimeout as delay } from 'node:timers/promises';
import { mongo, type Connection } from 'mongoose';
import { admits } from './admits';
import { adoptAccounts, type AdoptionPace } from './adopt-accounts';
import { changeIndexes } from './change-indexes';
import { askForMigrate, changeValidator, unauthorized } from './change-validator';
import {
  collectionSchemaOf,
  rulesOf,
  validationOf,
  type CollectionModel,
  type CollectionSchema,
  type Difference,
} from './collection-schema';
import { hasCode } from '../database';
import { NotReadyError } from '../not-ready-error';
import type { ChangeContext, Listener } from './patiently';
import { withLease, type Lease } from './lease';
import { readState, schemaVersion, type SchemaState, type WantedSchema } from './state';

export interface SchemaOptions {
  users: CollectionModel;
  others: CollectionModel[];
  listener: Listener;
  /** After which another process follows one that crashed: longer than any pause of one that lives. */
  leaseMs?: number;
  pace?: AdoptionPace;
}

const usualPace: AdoptionPace = { batchSize: 1000, progressMs: 3000 };
const pollMs = 250;

/**
 * Brings the database to this version's schema: collections, indexes, validators, and accounts from elsewhere. Where
 * nothing differs it only reads. One process does the work while others wait. Every step can be repeated, so the next
 * process completes the work of one that crashed. Beside a newer version it changes nothing.
 * @returns false where it left a validator that admits what this version writes, because it may not change it
 * @throws {NotReadyError} where a person has to do something first
 */
export async function bringUpToDate(connection: Connection, options: SchemaOptions): Promise<boolean> {
  const { users, others, listener, leaseMs = 10_000, pace = usualPace } = options;
  if (!connection.db) throw new mongo.MongoNotConnectedError('Not connected');
  const { db } = connection;
  const wanted = { users: collectionSchemaOf(users), others: others.map(collectionSchemaOf) };
  for (let isWaiting = false; ; isWaiting = true) {
    const state = await readState(db, wanted);
    if (state.newest > schemaVersion) {
      requireRoom(state);
      listener.info('The database belongs to a newer version of the service: its schema is left as it is');
      return true;
    }
    if (isUpToDate(state)) return true;
    let isComplete = false;
    const work = async (lease: Lease): Promise<void> => {
      isComplete = await change({ db, lease, listener }, wanted, pace);
    };
    if (await withLease(db, leaseMs, work).catch(explain)) return isComplete;
    if (!isWaiting) listener.info('Another process is changing the schema: waiting for it');
    await delay(pollMs);
  }
}

const isUpToDate = ({ version, isAdopted, differences }: SchemaState): boolean =>
  version === schemaVersion && isAdopted && differences.length === 0;

/** @throws {NotReadyError} where this version can't run beside the newer one that the database belongs to */
function requireRoom({ newest, differences }: SchemaState): void {
  for (const { wanted, present, missingIndexes } of differences) {
    const isRoom =
      present &&
      admits(rulesOf(present.validation), wanted.rules) &&
      !missingIndexes.some(({ unique }) => unique);
    if (!isRoom)
      throw new NotReadyError(
        `${wanted.name}: the database has schema version ${newest}, which this version of the service (${schemaVersion}) can’t run beside: start a newer one`,
      );
  }
}

async function change(context: ChangeContext, wanted: WantedSchema, pace: AdoptionPace): Promise<boolean> {
  const { db, lease, listener } = context;
  const { differences, isAdopted } = await readState(db, wanted);
  const mustAdopt = !isAdopted || differences.some(isFromElsewhere(wanted.users));
  // Stored first: once the collection has its validator, it does not show any more that it came from elsewhere.
  if (mustAdopt && isAdopted) await lease.set({ adopted: false });
  for (const difference of differences) {
    const { wanted: schema, present, hasOtherRules } = difference;
    if (!present) {
      await lease.renew();
      await db.createCollection(schema.name, validationOf(schema));
    }
    await changeIndexes(difference, context);
    if (!present) listener.info(`${schema.name}: made the collection, its validator and its indexes`);
    else if (hasOtherRules) await changeValidator(difference, context);
  }
  // After the index: it decides which addresses may be written in lower case.
  if (mustAdopt) {
    await adoptAccounts(wanted.users, context, pace);
    await lease.set({ adopted: true });
  }
  const { version, differences: left } = await readState(db, wanted);
  if (left.length > 0) return false;
  if (version === schemaVersion) return true;
  await lease.set({ version: schemaVersion });
  listener.info(`The database has schema version ${schemaVersion} now`);
  return true;
}

/** Another service's collection, or one that a restored backup has put there. */
const isFromElsewhere =
  (users: CollectionSchema) =>
  ({ wanted, present }: Difference): boolean =>
    wanted === users && present !== undefined && Object.keys(rulesOf(present.validation)).length === 0;

function explain(error: unknown): never {
  throw hasCode(error, unauthorized) ? new NotReadyError(askForMigrate) : error;
}
