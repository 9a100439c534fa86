import { dictionary } from '@zxcvbn-ts/language-common';

/** The 49,233 passwords that are used most, in lower case, the most common first: some 380 kB, from a kept package. */
export const commonPasswords = (): readonly string[] => dictionary['passwords-common'];
