import type { CodeOf } from '../errors/error-codes';
import { charactersIn, inputLimits } from '../input-limits';

// A name is shown to others, in pages, mails and lists. What it must not have can hide text, or change what is around it.
const refused: readonly (readonly [CodeOf<400>, RegExp])[] = [
  ['name_control', /[\p{Cc}\p{Zl}\p{Zp}]/u],
  // The marks, embeddings, overrides and isolates of the bidirectional algorithm (UAX #9).
  ['name_direction', /\p{Bidi_Control}/u],
  ['name_private_use', /\p{Co}/u],
  // Before the unassigned ones: some code points that will never be shown are not assigned either.
  [
    'name_invisible',
    /(?![\u034f\u200c\u200d\p{Variation_Selector}])[\p{Cf}\p{Default_Ignorable_Code_Point}]/u,
  ],
  ['name_unassigned', /\p{Cn}/u],
];

// U+2800 is a blank that counts as a sign.
const visible = /(?!\u2800)[\p{L}\p{N}\p{P}\p{S}]/u;

/**
 * The first rule for a new name that a text breaks. Joiners (U+200C, U+200D), which Persian, Indic scripts and emoji
 * need, variation selectors and U+034F are accepted.
 */
export function brokenNameRule(name: string): CodeOf<400> | undefined {
  if (!name.isWellFormed()) return 'name_not_unicode';
  const length = charactersIn(name);
  if (length < 1 || length > inputLimits.nameCharacters) return 'name_length';
  const [broken] = refused.find(([, pattern]) => pattern.test(name)) ?? [];
  return broken ?? (visible.test(name) ? undefined : 'name_blank');
}
