/** What users say about themselves: the fields that sign-up and PATCH /me accept. */
export interface Profile {
  name?: string;
}

/** A profile as it is sent: null is no value, and removes the one that is stored. */
export type ProfileChange = { [Field in keyof Profile]: Profile[Field] | null };

/** The fields of a profile as MongoDB stores them, for every collection that holds a profile. */
export const profileSchema = {
  // The 100 code points that the routes accept, in the UTF-16 units that Mongoose counts.
  name: { type: String, minlength: 1, maxlength: 200 },
} satisfies Record<keyof Profile, object>;

const profileFields = Object.keys(profileSchema) as (keyof Profile)[];

/** The profile within a larger object, without the fields that are not set. */
export function profileOf(source: ProfileChange): Profile {
  const present = profileFields.filter((field) => (source[field] ?? undefined) !== undefined);
  return Object.fromEntries(present.map((field) => [field, source[field]]));
}

/** The update of a stored user that makes a change: a field that is absent stays, and null removes it. */
export function profileUpdateOf(change: ProfileChange) {
  const removed = profileFields.filter((field) => change[field] === null);
  return { $set: profileOf(change), $unset: Object.fromEntries(removed.map((field) => [field, 1 as const])) };
}
