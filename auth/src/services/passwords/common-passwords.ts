import type * as LanguageCommon from '@zxcvbn-ts/language-common';

/** The 49,233 most used passwords, in lower case, most common first: about 380 kB. */
export function commonPasswords(): readonly string[] {
  // Loaded when it is asked for, since it takes 14 MB of memory.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { dictionary } = require('@zxcvbn-ts/language-common') as typeof LanguageCommon;
  return dictionary['passwords-common'];
}
