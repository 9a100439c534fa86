import type { mongo } from 'mongoose';
import {
  differenceOf,
  type CollectionSchema,
  type Difference,
  type PresentCollection,
  type Validation,
} from './collection-schema';

/** Raise it with every change of a validator or an index. A version may only widen what the one before it admits. */
export const schemaVersion = 4;

/** The one document of the collection `meta`. A database without it has version 1, or nothing yet. */
interface SchemaDocument {
  _id: 'schema';
  version?: number;
  /** Whether accounts from elsewhere have been given what they lack. */
  adopted?: boolean;
  /** Who changes the schema, and to which version. */
  lease?: { holder: string; until: Date; version: number };
}

export const schemaDocuments = (db: mongo.Db): mongo.Collection<SchemaDocument> => db.collection('meta');

export interface WantedSchema {
  users: CollectionSchema;
  others: CollectionSchema[];
}

/** How a database compares with what this version wants. */
export interface SchemaState {
  version: number;
  /** The newest version that has changed the schema, or begun to. */
  newest: number;
  isAdopted: boolean;
  differences: Difference[];
}

/** Reads only. */
export async function readState(db: mongo.Db, { users, others }: WantedSchema): Promise<SchemaState> {
  const wanted = [users, ...others];
  const names = wanted.map(({ name }) => name);
  const [document, found] = await Promise.all([
    schemaDocuments(db).findOne({ _id: 'schema' }),
    db.listCollections<mongo.CollectionInfo>({ name: { $in: names } }).toArray(),
  ]);
  const { version = 1, adopted = false, lease } = document ?? {};
  const collections = new Map<string, PresentCollection>();
  await Promise.all(
    found.map(async (collection) => {
      const { validator, validationLevel, validationAction } = collection.options as Validation;
      const indexes = await db.collection(collection.name).indexes();
      collections.set(collection.name, {
        validation: { validator, validationLevel, validationAction },
        indexes,
      });
    }),
  );
  return {
    version,
    newest: Math.max(version, lease?.version ?? 0),
    isAdopted: adopted,
    differences: wanted.flatMap((schema) => differenceOf(schema, collections.get(schema.name)) ?? []),
  };
}
