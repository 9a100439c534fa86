import type { Schema } from 'mongoose';

/** Rules in the form of MongoDB's `$jsonSchema`. */
export type Rules = Record<string, unknown>;

/** Options of a path that become rules of MongoDB. */
type PathRules = Partial<{
  match: RegExp;
  /** The form of what is stored, where a hook changes the value after Mongoose has checked it. */
  storedMatch: RegExp;
  minlength: number;
  maxlength: number;
}>;

/**
 * The rules that MongoDB checks for every writer: types and enums as Mongoose gives them, with the patterns and lengths
 * that it leaves out. They are made from the Mongoose schema, so the two can't disagree. Properties that the schema does
 * not know are allowed, because an older version must run beside a newer one.
 */
export function jsonSchemaOf(schema: Schema): Rules {
  const derived = schema.toJSONSchema({ useBsonType: true }) as {
    properties: Record<string, Rules>;
    required: string[];
  };
  const properties: Record<string, Rules> = { ...derived.properties };
  schema.eachPath((path, { options }) => {
    const { match, storedMatch = match, minlength, maxlength } = options as PathRules;
    properties[path] = {
      ...properties[path],
      ...(storedMatch && { pattern: storedMatch.source }),
      ...(minlength !== undefined && { minLength: minlength }),
      ...(maxlength !== undefined && { maxLength: maxlength }),
    };
  });
  const kept = keptByMongoose(schema);
  return {
    bsonType: 'object',
    required: [...new Set([...derived.required, ...Object.keys(kept)])],
    properties: { ...properties, ...kept },
  };
}

/** Paths that Mongoose fills in when it saves, and therefore does not list as required. */
function keptByMongoose(schema: Schema): Record<string, Rules> {
  const kept: Record<string, Rules> = {};
  if (schema.get('timestamps')) {
    kept['createdAt'] = { bsonType: 'date' };
    kept['updatedAt'] = { bsonType: 'date' };
  }
  const versionKey = schema.get('versionKey');
  if (typeof versionKey === 'string') kept[versionKey] = { bsonType: 'number', minimum: 0 };
  return kept;
}
