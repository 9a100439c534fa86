import { browserInWords } from '../../browser-words';
import { linkLifetimes, type LinkPurpose } from '../../models/link-purposes';
import type { MailKind } from '../../models/mail';
import type { SignIn } from '../../models/sign-in';
import type { Role } from '../../models/user';

/** What one letter says. Plain text: the format escapes it. */
export interface Words {
  subject: string;
  /** Why the mail came, and what to do. */
  opening: string[];
  /** `until` is set where the link ends before the lifetime of its purpose. */
  link?: { purpose: LinkPurpose; button: string; until?: Date };
  /** Among others, what to do if it was not the reader. */
  closing: string[];
  /** Whether a second link at the end says "this was not me". */
  declines?: true;
}

/**
 * Every kind of stored mail, what a sign-up mail becomes if the address already has an account, and what the mail about a
 * closed account becomes if nothing brings it back.
 */
type LetterKind = Exclude<MailKind, 'password-choice'> | 'already-signed-up' | 'account-closed-for-good';

/** The words that all letters share. */
export const frame = {
  // Without the user's name. Anybody can sign up with somebody else's address, and the name is free text: it could carry a
  // stranger's link into the mail ("Win a prize at evil.example").
  greeting: 'Hello,',
  notMe: 'This was not me',
  copyLink: 'If the button does not work, copy this link into your browser:',
  lifeOf: (purpose: LinkPurpose, until?: Date) =>
    `The link works once, ${until ? `until ${time(until)}` : `within ${duration(linkLifetimes[purpose])}`}.`,
};

/** The words of every letter, by kind. Of what users choose, they contain validated addresses only. */
export const letterWords = (productName: string) => {
  const admins = `the admins of ${productName}`;
  return {
    verification: () => ({
      subject: 'Verify your e-mail address',
      opening: [
        `An account at ${productName} uses this address. Please verify that the address is yours. You need to be signed in, ` +
          'or to enter the password of the account.',
      ],
      link: { purpose: 'verification', button: 'Verify my address' },
      closing: [
        "Wasn't you? Somebody else signed up with your address. Use this link, and that account is deleted:",
      ],
      declines: true,
    }),
    signup: () => ({
      subject: 'Verify your e-mail address',
      opening: [
        `Somebody signed up at ${productName} with this address. Verify the address and choose a password to open the account.`,
      ],
      link: { purpose: 'signup', button: 'Verify my address' },
      closing: [
        "Wasn't you? You do not need to do anything: no account is opened without you. Or use this link, and this sign-up ends:",
      ],
      declines: true,
    }),
    'already-signed-up': () => ({
      subject: 'You have an account already',
      opening: [
        `Somebody tried to sign up at ${productName} with this address. The address already has an account.`,
        'Was it you? Sign in, or set a new password with "Forgot password".',
      ],
      closing: ["Wasn't you? You do not need to do anything. Nothing has changed."],
    }),
    'password-reset': () => ({
      subject: 'Reset your password',
      opening: [
        `We received a request to set a new password for your account at ${productName}.`,
        'Use this link to set one. Every device is then signed out.',
      ],
      link: { purpose: 'password-reset', button: 'Set a new password' },
      closing: ["Wasn't you? Ignore this mail. Nothing changes unless the link is used."],
    }),
    'password-changed': () => ({
      subject: 'Your password was changed',
      opening: [
        `The password of your account at ${productName} was changed.`,
        'Was it you? You do not need to do anything.',
      ],
      closing: [
        'Wasn\'t you? Set a new password now with "Forgot password". Every device is then signed out.',
      ],
    }),
    'email-change': () => ({
      subject: 'Confirm your new e-mail address',
      opening: [
        `Somebody asked to use this address for an account at ${productName}. Confirm the address to complete the change. You ` +
          'need to be signed in, or to enter the password of the account.',
      ],
      link: { purpose: 'email-change', button: 'Confirm my new address' },
      closing: ["Wasn't you? Nothing changes without you. Or use this link, and the request ends:"],
      declines: true,
    }),
    'email-change-notice': ({ newEmail }: { newEmail: string }) => ({
      subject: 'Your e-mail address is being changed',
      opening: [
        `Somebody who knows your password asked to change the address of your account at ${productName} to ${newEmail}.`,
        'Was it you? Do not use the link below. The change takes effect once you confirm it from the new address.',
        "Wasn't you? Use this link: your address stays, everyone is signed out, the password stops working, and we send you " +
          'a link to set a new one.',
      ],
      link: { purpose: 'email-change-undo', button: 'Undo the change' },
      closing: ['The link also works after the change has taken effect. Your address then comes back.'],
    }),
    'email-change-undone': () => ({
      subject: 'A change of address was undone',
      opening: [
        `An account at ${productName} used this address. Whoever has the mailbox of its earlier address has undone the change. ` +
          'The account no longer uses your address, every device is signed out, and the old password does not work any more.',
      ],
      closing: [`Wasn't you? If the account is yours, ask ${admins}.`],
    }),
    'unverified-account-removed': () => ({
      subject: 'An account with your address was deleted',
      opening: [
        `You restored your address at ${productName}. Meanwhile somebody had opened another account with this address, and had ` +
          'not verified it. That account was deleted, because an address can have one account only.',
      ],
      closing: ["Wasn't you? Then somebody else can read your mail. Change the password of your mailbox."],
    }),
    'role-changed': ({ role }: { role: Role }) => ({
      subject: 'The role of your account was changed',
      opening: [`An admin changed the role of your account at ${productName}. The role is now "${role}".`],
      closing: [`Wasn't you? Only an admin can change a role. If you did not expect it, ask ${admins}.`],
    }),
    'new-sign-in': ({ signIns, earlier, until }: { signIns: SignIn[]; earlier: number; until: Date }) => ({
      subject: 'New sign-in to your account',
      opening: [
        `Somebody who knows your password signed in to your account at ${productName} from a browser in which you had not ` +
          'signed in before:',
        ...signIns.map(signInInWords),
        ...(earlier === 0 ? [] : [`Sign-ins before these: ${earlier}.`]),
        'Was it you? You do not need to do anything.',
        "Wasn't you? Use this link to set a new password. Every device is then signed out, and the old password does not work " +
          'any more.',
      ],
      link: { purpose: 'password-reset', button: 'Sign out every device and set a new password', until },
      closing: ['Too late for this link? Ask for a new one with "Forgot password".'],
    }),
    'account-disabled': () => ({
      subject: 'Your account was disabled',
      opening: [
        `An admin disabled your account at ${productName}. Every device is signed out, and nobody can sign in.`,
      ],
      closing: [`Wasn't you? Only an admin can disable an account. To have it enabled again, ask ${admins}.`],
    }),
    'account-enabled': () => ({
      subject: 'Your account was enabled',
      opening: [`An admin enabled your account at ${productName} again. You can sign in.`],
      closing: [
        `Wasn't you? Only an admin can enable an account. If you did not expect it, ask ${admins}. If somebody else may ` +
          'know your password, set a new one with "Forgot password".',
      ],
    }),
    'account-closed': ({ until }: { until: Date }) => ({
      subject: 'Your account was closed',
      opening: [
        `Somebody who knows your password closed your account at ${productName}.`,
        'Was it you? You do not need to do anything. The account is deleted once the link below has expired.',
        "Wasn't you? Use this link: your account comes back, everyone is signed out, the password stops working, and we " +
          'send you a link to set a new one.',
      ],
      link: { purpose: 'account-reopening', button: 'Bring my account back', until },
      closing: ['Have you changed your mind? The link works for you too.'],
    }),
    'account-closed-for-good': () => ({
      subject: 'Your account was closed',
      opening: [
        `Somebody who knows your password closed your account at ${productName}. It was deleted.`,
        'Was it you? You do not need to do anything.',
      ],
      closing: [
        `Wasn't you? Ask ${admins}. The account cannot come back, but you can open a new one. If you use the same password ` +
          'elsewhere, change it there.',
      ],
    }),
    'account-reopened': () => ({
      subject: 'Your account is back',
      opening: [
        `Your account at ${productName} was closed. A link that we sent to this address has brought it back. Every device ` +
          'is signed out, and the old password does not work any more.',
        'Use this link to set a new password.',
      ],
      link: { purpose: 'password-reset', button: 'Set a new password' },
      closing: [
        'Too late for this link? Ask for a new one with "Forgot password".',
        "Wasn't you? Somebody else can read your mail. Change the password of your mailbox first, then use this link.",
      ],
    }),
  } satisfies Record<LetterKind, (facts: never) => Words>;
};

const signInInWords = ({ at, ip, userAgent }: SignIn): string =>
  `${time(at)}: ${browserInWords(userAgent)}, ${ip === '' ? 'unknown network address' : `network address ${ip}`}`;

/** A point in time, to the minute. */
const time = (at: Date): string =>
  `${new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' }).format(at)} UTC`;

/** A length of time in words: in days from two days on, else in hours. */
function duration(ms: number): string {
  const hours = ms / (60 * 60 * 1000);
  const [amount, unit] = hours >= 48 && hours % 24 === 0 ? [hours / 24, 'day'] : [hours, 'hour'];
  return new Intl.NumberFormat('en', { style: 'unit', unit, unitDisplay: 'long' }).format(amount);
}
