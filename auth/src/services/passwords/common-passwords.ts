import { dictionary } from '@zxcvbn-ts/language-common';

/** The 49,233 most used passwords, in lower case, most common first: about 380 kB. */
export const commonPasswords = (): readonly string[] => dictionary['passwords-common'];
