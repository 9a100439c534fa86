import { words } from '../../words/words';

type Purpose = keyof typeof words.links;

/** What the service takes with the token, by what a link can be for. */
const purposes = {
  'password of the account': ['verification', 'email-change'],
  'new password': ['signup'],
  'token alone': ['email-change-undo', 'account-reopening'],
  'session of the account': ['verification', 'email-change', 'email-change-undo', 'account-reopening'],
} as const satisfies Record<string, readonly Purpose[]>;

export type Proof = keyof typeof purposes;

/**
 * The words for a link. Anybody can change what a link says of itself. Once the service has shown what it takes, the words
 * are those of a link for which that is right.
 */
export function linkWords(said: string, proof?: Proof): typeof words.anyLink {
  if (proof === 'new password') return words.links.signup;
  const possible: readonly string[] = proof ? purposes[proof] : Object.keys(words.links);
  return possible.includes(said) ? words.links[said as Purpose] : words.anyLink;
}
