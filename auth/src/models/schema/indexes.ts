import { isDeepStrictEqual } from 'node:util';

/** An index that this version wants. */
export interface Index {
  key: Record<string, unknown>;
  unique?: boolean;
  expireAfterSeconds?: number;
}

/** An index as it is in the database. */
export interface PresentIndex extends Index {
  name?: string;
  sparse?: boolean;
  partialFilterExpression?: object;
  collation?: object;
}

/** The name that MongoDB gives an index. */
export const nameOf = ({ key }: Index): string => Object.entries(key).flat().join('_');

export const isSame = (wanted: Index, present: PresentIndex): boolean =>
  hasKeyOf(wanted, present) && isDeepStrictEqual(optionsOf(wanted), optionsOf(present));

/** Whether MongoDB would refuse the wanted index beside this one, which is another. */
export const isInTheWay = (wanted: Index, present: PresentIndex): boolean =>
  present.name === nameOf(wanted) ||
  (hasKeyOf(wanted, present) && !present.collation && !present.partialFilterExpression);

// As text, because the order of the fields matters.
const hasKeyOf = (wanted: Index, { key }: PresentIndex): boolean =>
  JSON.stringify(key) === JSON.stringify(wanted.key);

const optionsOf = (index: PresentIndex) => ({
  unique: index.unique ?? false,
  sparse: index.sparse ?? false,
  expireAfterSeconds: index.expireAfterSeconds,
  partialFilterExpression: index.partialFilterExpression,
  collation: index.collation,
});
