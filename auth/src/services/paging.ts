interface Identified {
  _id: { id: Uint8Array };
}

/** The id, in hex, after which a list goes on. */
export const afterOf = (cursor: string | undefined): { after?: string } =>
  cursor === undefined ? {} : { after: Buffer.from(cursor, 'base64url').toString('hex') };

/**
 * A page, and the cursor of the next one if there is one.
 * @param found one more than the limit, if there are so many
 */
export function pageOf<T extends Identified>(found: T[], limit: number) {
  const entries = found.slice(0, limit);
  const last = found.length > limit ? entries.at(-1) : undefined;
  return { entries, nextCursor: last ? Buffer.from(last._id.id).toString('base64url') : null };
}
