/** What the links in mails are for. */
export const linkPurposes = [
  'verification',
  'signup',
  'password-reset',
  'email-change',
  'email-change-undo',
  'account-reopening',
] as const;
export type LinkPurpose = (typeof linkPurposes)[number];

const hour = 60 * 60 * 1000;

/** How long a link is valid, in milliseconds. */
export const linkLifetimes: Readonly<Record<LinkPurpose, number>> = {
  verification: 24 * hour,
  signup: 24 * hour,
  'password-reset': hour,
  'email-change': 24 * hour,
  // Long enough for an owner who is away: it is how an account that was taken over is recovered.
  'email-change-undo': 7 * 24 * hour,
  // At most. It ends when the closed account is deleted.
  'account-reopening': 7 * 24 * hour,
};
