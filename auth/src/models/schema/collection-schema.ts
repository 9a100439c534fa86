import { isDeepStrictEqual } from 'node:util';
import type { Schema } from 'mongoose';
import { isInTheWay, isSame, type Index, type PresentIndex } from './indexes';
import { jsonSchemaOf, type Rules } from './json-schema';

/** What this version wants of a collection. */
export interface CollectionSchema {
  name: string;
  rules: Rules;
  indexes: Index[];
}

/** What is needed of a model to know what it wants, whatever its documents are. */
export interface CollectionModel {
  collection: { name: string };
  schema: Schema;
}

export const collectionSchemaOf = ({ collection, schema }: CollectionModel): CollectionSchema => ({
  name: collection.name,
  rules: jsonSchemaOf(schema),
  indexes: schema.indexes().map(([key, options]) => ({ ...(options as Omit<Index, 'key'>), key })),
});

export interface Validation {
  validator: { $jsonSchema?: Rules } | undefined;
  validationLevel: string | undefined;
  validationAction: string | undefined;
}

// Moderate: inserts are checked, and updates of valid documents. A document from elsewhere that the rules refuse, such
// as an account with a plain-text password, can still be updated, and so be disabled.
export const validationOf = ({ rules }: CollectionSchema) => ({
  validator: { $jsonSchema: rules },
  validationLevel: 'moderate',
  validationAction: 'error',
});

/** The rules that a validator holds documents to. What it asks beside a `$jsonSchema` is one that equals none of ours. */
export function rulesOf({ validator, validationLevel, validationAction }: Validation): Rules {
  if (validationLevel === 'off' || validationAction === 'warn') return {};
  const { $jsonSchema = {}, ...others } = validator ?? {};
  return Object.keys(others).length === 0 ? $jsonSchema : { others };
}

/** A collection as it is in the database. */
export interface PresentCollection {
  validation: Validation;
  indexes: PresentIndex[];
}

/** What has to be changed of a collection. */
export interface Difference {
  wanted: CollectionSchema;
  /** Undefined where there is no such collection. */
  present: PresentCollection | undefined;
  hasOtherRules: boolean;
  missingIndexes: Index[];
  /** What has to go before a missing index can be made. */
  conflictingIndexes: PresentIndex[];
}

/** Answers undefined where nothing differs. Indexes that somebody added stay. */
export function differenceOf(wanted: CollectionSchema, present?: PresentCollection): Difference | undefined {
  const indexes = present?.indexes ?? [];
  const missingIndexes = wanted.indexes.filter((index) => !indexes.some((other) => isSame(index, other)));
  const hasOtherRules = !isDeepStrictEqual(present?.validation, validationOf(wanted));
  if (!hasOtherRules && missingIndexes.length === 0) return undefined;
  const conflictingIndexes = indexes.filter((other) =>
    missingIndexes.some((index) => isInTheWay(index, other)),
  );
  return { wanted, present, hasOtherRules, missingIndexes, conflictingIndexes };
}
