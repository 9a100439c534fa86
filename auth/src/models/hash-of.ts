import { createHash } from 'node:crypto';

/** What is stored in place of a text that the database must not contain: SHA-256, in hexadecimal. */
export const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');
