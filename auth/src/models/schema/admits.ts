import { isDeepStrictEqual } from 'node:util';
import { normalisedEmail, storedEmail } from '../email-patterns';
import type { Rules } from './json-schema';

/**
 * Whether a validator that is there lets pass what one of this version lets pass: each of its rules is equal to ours or
 * wider. It answers false for a rule that it can't compare.
 */
export function admits(present: Rules, wanted: Rules): boolean {
  return Object.entries(present).every(([keyword, rule]) => {
    const compare = comparisons[keyword];
    return isDeepStrictEqual(rule, wanted[keyword]) || compare?.(rule, wanted) === true;
  });
}

type Comparison = (present: unknown, wanted: Rules) => boolean;

const comparisons: Readonly<Record<string, Comparison>> = {
  title: () => true,
  description: () => true,
  bsonType: (present, { bsonType }) => {
    const types = list(present);
    return bsonType !== undefined && list(bsonType).every((type) => hasType(types, type));
  },
  enum: (present, wanted) => wanted['enum'] !== undefined && includesAll(present, wanted['enum']),
  required: (present, { required }) => includesAll(required ?? [], present),
  minimum: (present, { minimum }) => Number(present) <= Number(minimum),
  minLength: (present, { minLength }) => Number(present) <= Number(minLength),
  maximum: (present, { maximum }) => Number(present) >= Number(maximum),
  maxLength: (present, { maxLength }) => Number(present) >= Number(maxLength),
  // Of two patterns it can't be told which one is wider, but for the one that this version has widened.
  pattern: (present, { pattern }) => present === storedEmail.source && pattern === normalisedEmail.source,
  additionalProperties: (present) => present === true,
  // A rule about a property that this version does not write can't refuse what it writes.
  properties: (present, { properties }) => {
    const ours = (properties ?? {}) as Record<string, Rules>;
    return Object.entries(present as Record<string, Rules>).every(([name, rules]) => {
      const wanted = ours[name];
      return wanted === undefined || admits(rules, wanted);
    });
  },
};

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value]);

const includesAll = (all: unknown, some: unknown): boolean =>
  list(some).every((value) => list(all).includes(value));

const hasType = (types: unknown[], type: unknown): boolean =>
  types.includes(type) || (types.includes('number') && numbers.includes(String(type)));

const numbers = ['int', 'long', 'double', 'decimal'];
