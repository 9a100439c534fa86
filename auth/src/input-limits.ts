/** What inputs are held to. Characters are Unicode code points. docs/api.md lists them. */
export const inputLimits = {
  bodyBytes: 16 * 1024,
  emailCharacters: 254,
  nameCharacters: 100,
  passwordMinCharacters: 8,
  passwordMaxCharacters: 128,
  /** With `PASSWORD_PROFILE=strict`. */
  strictPasswordMinCharacters: 12,
  pageEntries: 100,
  defaultPageEntries: 50,
} as const;

/** The number of code points in a text. */
export const charactersIn = (text: string): number => Array.from(text).length;
