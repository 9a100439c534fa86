import type { CodeOf } from './errors/error-codes';
import { charactersIn, inputLimits } from './input-limits';
import { normalForm } from './normal-form';

/** `default` asks for a length and nothing else. */
export type PasswordProfile = 'default' | 'strict';

/** The fewest characters of a new password. */
export const minCharacters = (profile: PasswordProfile): number =>
  profile === 'strict' ? inputLimits.strictPasswordMinCharacters : inputLimits.passwordMinCharacters;

/** How many characters a new password lacks. */
export const missingCharacters = (password: string, profile: PasswordProfile): number =>
  Math.max(0, minCharacters(profile) - charactersIn(normalForm(password)));

// Shorter parts of an address occur in too many good passwords.
const minPartLength = 4;
// How many characters must remain when those words are removed.
const minRestLength = 8;

/**
 * The first rule for new passwords that this one breaks, of those that need no list: the service checks them, and its
 * pages while a password is typed.
 * @param names the address of the account, empty where nobody knows it, and what the service is called
 */
export function brokenShapeRule(
  password: string,
  profile: PasswordProfile,
  names: { email: string; productName: string },
): CodeOf<400> | undefined {
  const hashed = normalForm(password);
  const length = charactersIn(hashed);
  if (length < minCharacters(profile) || length > inputLimits.passwordMaxCharacters) return 'password_length';
  if (profile === 'default') return undefined;
  if (isMadeOf(hashed, [...partsOfName(names.productName), ...partsOf(names.email)]))
    return 'password_made_of_address';
  return coresOf(hashed).some(isOneCharacter) ? 'password_common' : undefined;
}

/** What a password may be in essence, folded: itself, or without a few digits and signs around it. */
export function coresOf(password: string): string[] {
  const cores = [
    password,
    withoutEnds(password, /[^\p{L}]+$/u),
    withoutEnds(password, /^[^\p{L}]+|[^\p{L}]+$/gu),
  ];
  // A core shorter than half the password leaves enough that is not common.
  return cores.filter((core) => 2 * core.length >= password.length).map(fold);
}

/** Whether too little of a password remains when these words are removed. */
function isMadeOf(password: string, words: string[]): boolean {
  const folded = fold(password);
  const rest = words.reduce((text, word) => text.replaceAll(fold(word), ''), folded);
  return rest !== folded && rest.length < minRestLength;
}

/** The name of the service and its words. */
const partsOfName = (name: string): string[] => longEnough([name, ...name.split(/[^\p{L}\p{N}]+/u)]);

/** The address, its two halves and their words. */
function partsOf(email: string): string[] {
  const folded = email.toLowerCase();
  return longEnough([folded, ...folded.split('@'), ...folded.split(/[^a-z0-9]+/)]);
}

/** Those that count, longest first. */
const longEnough = (parts: string[]): string[] =>
  parts.filter((part) => part.length >= minPartLength).sort((a, b) => b.length - a.length);

const withoutEnds = (text: string, ends: RegExp): string => text.replace(ends, '');

const isOneCharacter = (text: string): boolean => new Set(text).size <= 1;

const leet: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
  '!': 'i',
};

/** In lower case, with the usual substitutes for letters (leet) replaced. */
export const fold = (text: string): string =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[013457@$!]/g, (sign) => leet[sign] ?? sign);
