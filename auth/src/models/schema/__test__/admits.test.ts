import { normalisedEmail, storedEmail } from '../../email-patterns';
import { admits } from '../admits';
import { collectionSchemaOf } from '../collection-schema';
import { createCollections } from '../../collections';
import { schemaVersion1 } from '../../../test/schema-version-1';
import { useService } from '../../../test/service';

const text = { bsonType: 'string', minLength: 2, maxLength: 5, pattern: '^a', enum: ['aa', 'ab'] };

describe('a validator that is there', () => {
  it.each([
    {},
    { title: 'x' },
    text,
    { ...text, bsonType: ['string', 'null'] },
    { ...text, minLength: 1, maxLength: 6, enum: ['aa', 'ab', 'ac'] },
    { maxLength: 5 },
  ])('admits what ours admits, with %j', (present) => {
    expect(admits(present, text)).toBe(true);
    expect(admits({ properties: { a: present } }, { properties: { a: text } })).toBe(true);
  });

  it.each([
    { bsonType: 'int' },
    { minLength: 3 },
    { maxLength: 4 },
    { pattern: '^b' },
    { enum: ['aa'] },
    { minimum: 1 },
    { required: ['other'] },
    { additionalProperties: false },
    { unknownKeyword: true },
  ])('may refuse what ours admits, with %j', (change) => {
    const present = { ...text, ...change };
    expect(admits(present, text)).toBe(false);
    expect(admits({ properties: { a: present } }, { properties: { a: text } })).toBe(false);
  });

  it('may ask for less, and for anything of what this version does not write', () => {
    const ours = { required: ['a', 'b'], properties: { a: {}, b: { bsonType: 'int' } } };
    expect(admits({ required: ['a'], properties: { c: { enum: [1] } } }, ours)).toBe(true);
    expect(admits({ required: ['a', 'c'], properties: {} }, ours)).toBe(false);
    expect(admits({ properties: { b: { bsonType: 'number' } } }, ours)).toBe(true);
    expect(admits({ properties: { b: { bsonType: 'long' } } }, ours)).toBe(false);
    expect(admits({ properties: { a: { bsonType: 'long' } } }, ours)).toBe(false);
  });
});

it('the pattern of stored addresses admits every new address', () => {
  const samples = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code)).flatMap((character) => [
    `a${character}b@example.com`,
    `${character}@example.com`,
    `"a${character}"@example.com`,
    `a@exa${character}mple.com`,
  ]);
  const fresh = samples.filter((email) => normalisedEmail.test(email));
  expect(fresh.length).toBeGreaterThan(200);
  expect(fresh.filter((email) => !storedEmail.test(email))).toEqual([]);
});

describe('the validators of this version', () => {
  const service = useService();

  // While a rollout lasts, the version before this one writes to the same collections.
  it.each(Object.entries(schemaVersion1))('admit what version 1 writes to %s', (name, { rules }) => {
    const models = Object.values(createCollections(service.connection, () => Promise.resolve('')));
    const ours = models.map(collectionSchemaOf).find((schema) => schema.name === name);
    expect(admits(ours?.rules ?? { required: ['nothing'] }, rules)).toBe(true);
  });
});
