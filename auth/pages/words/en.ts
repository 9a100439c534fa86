import { actions, details } from './activity.en';
import { errors } from './errors.en';
import { anyLink, links } from './links.en';

const number = new Intl.NumberFormat('en');

/** `1 second`, `2 seconds`. */
const counted = (count: number, unit: string): string =>
  `${number.format(count)} ${unit}${count === 1 ? '' : 's'}`;

/** `2 minutes and 5 seconds`, to the second. */
const clock = (seconds: number): string => {
  const rest = counted(seconds % 60, 'second');
  const minutes = counted(Math.floor(seconds / 60), 'minute');
  if (seconds < 60) return rest;
  return seconds % 60 === 0 ? minutes : `${minutes} and ${rest}`;
};

/** A length of time: in days from two days on, else in hours, of which there is at least one. */
const duration = (seconds: number): string => {
  const hours = Math.max(1, Math.floor(seconds / 3600));
  return hours >= 48 ? counted(Math.floor(hours / 24), 'day') : counted(hours, 'hour');
};

/** Everything that the pages say, in English. */
export const words = {
  lang: 'en',
  /** How times are written. */
  times: 'en-GB',
  errors,
  actions,
  details,
  links,
  anyLink,
  titles: {
    home: 'Welcome',
    signin: 'Sign in',
    signup: 'Create an account',
    'email-verification': 'Link from your mail',
    'password-reset': 'Set a new password',
    account: 'Your account',
    admin: 'Users',
    'not-found': 'Page not found',
  },
  common: {
    skip: 'Skip to the content',
    noScript: 'This page needs JavaScript. Turn it on in your browser, and reload the page.',
    loading: 'Loading …',
    show: 'Show',
    hide: 'Hide',
    slow: 'Still waiting for an answer …',
    wait: (seconds: number) => `Try again in ${clock(seconds)}.`,
    waited: 'You can try again now.',
    failed: 'This did not work',
    tryAgain: 'Try again',
    cancel: 'Cancel',
    save: 'Save',
    more: 'Show more',
    or: 'or',
    signIn: 'Sign in',
    signOut: 'Sign out',
    account: 'Account',
    users: 'Users',
    nav: 'Your pages',
    signedInAs: (email: string) => `You are signed in as ${email}.`,
  },
  missing: { password: 'Enter a password.', other: 'Fill in this field.' },
  fields: {
    email: 'E-mail address',
    newEmail: 'New e-mail address',
    password: 'Password',
    currentPassword: 'Current password',
    newPassword: 'New password',
    name: 'Name',
    optionalName: 'Name (optional)',
    role: 'Role',
    emailPrefix: 'E-mail address begins with',
  },
  password: {
    atLeast: (min: number) => `At least ${counted(min, 'character')}. A few words are easy to remember.`,
    missing: (count: number) => `${counted(count, 'more character')} needed.`,
    longEnough: 'Long enough.',
    listIsAsked: 'We check that it is not a common one when you send it.',
  },
  signIn: {
    title: 'Sign in',
    button: 'Sign in',
    forgot: 'Forgot your password?',
    noAccount: 'No account yet?',
    signUp: 'Create an account',
    ended: 'You are signed out, or your session has ended. Sign in to go on.',
    signedOut: 'You are signed out.',
    closed: 'Your account is closed.',
    passwordSet: 'Your new password is set. Sign in with it.',
  },
  signUp: {
    title: 'Create an account',
    button: 'Create account',
    haveAccount: 'Have an account?',
    verifyFirst: 'We send you a mail with a link. With it you choose your password.',
    sent: 'Check your mail',
    sentText: 'We have sent a mail to this address. Open its link to go on:',
    notThere: 'Nothing there after a few minutes? Look among the spam, and check the address.',
    again: 'Use another address',
  },
  verify: {
    needsPassword: 'To be sure that it is you, enter the password of the account, or sign in first.',
    otherAccount: (email: string) =>
      `This link is for another account than ${email}. Use it only if that account is yours too: enter its password.`,
    newAccount: (email: string) => `This opens another account than ${email}.`,
    choosePassword: 'Choose a password. It opens your account, and you sign in with it from now on.',
    doneFor: 'The account:',
    stranger:
      'Not your address? Then somebody has sent you a link of their own account. Do not use that account.',
    signIn: 'Sign in to this account',
    noLink: 'Open the link from your mail',
    noLinkText:
      'The link is not in this tab any more. Open it from the mail once more: it stays good until you press its button.',
    toAccount: 'Go to your account',
    declineTitle: 'This was not you?',
    declineText:
      'Press the button if you did not ask for this. What somebody asked for with your address ends at once, and an account that nobody has verified is deleted.',
    declineButton: 'This was not me',
    declined: 'Thank you',
    declinedText: 'It has ended. You do not need to do anything else.',
    unusable: 'This link does not work',
    unusableText: 'Links work once and for a limited time. Ask for a new one where you asked for this one.',
  },
  reset: {
    title: 'Forgot your password?',
    text: 'Enter your address. We send you a link with which you set a new password.',
    button: 'Send me a link',
    sent: 'Check your mail',
    sentText: 'If there is an account with this address, we have sent it a link:',
    newTitle: 'Set a new password',
    newText:
      'This is the password of the account whose address got the mail. Every device is signed out: sign in with the new password then.',
    newButton: 'Set the password',
    set: 'The password is set',
    setForOther: (email: string) =>
      `The link was for another account. You are still signed in as ${email}, and its password is the same as before.`,
    askAgain: 'Ask for a new link',
    toSignIn: 'Back to sign-in',
  },
  account: {
    title: 'Your account',
    profile: 'Profile',
    email: 'E-mail address',
    verified: 'Verified',
    notVerified: 'Not verified',
    verifyText: 'Open the link in the mail that we have sent you.',
    verifyAgain: 'Send the mail again',
    mailSent: 'A mail is on its way. Nothing there after a minute? Look among the spam.',
    changeEmail: 'Change the address',
    changeEmailText: 'We send a link to the new address. It takes effect once you have opened the link.',
    emailWaiting: (email: string) => `Waiting for you to open the link that we sent to ${email}.`,
    emailSame: 'This is your address already.',
    emailWaitingUntil: 'The link works until',
    saved: 'Saved.',
    password: 'Password',
    changePassword: 'Change the password',
    passwordText: 'Every other device is signed out then.',
    passwordChanged: 'Your password is changed. Every other device is signed out.',
    sessions: 'Where you are signed in',
    thisBrowser: 'This browser',
    lastUsed: 'Last used',
    since: 'Signed in',
    address: (ip: string) => (ip === '' ? 'unknown network address' : `network address ${ip}`),
    end: 'Sign out',
    endOf: (browser: string) => `Sign out: ${browser}`,
    ended: 'It is signed out.',
    endOthers: 'Sign out all other devices',
    othersEnded: 'All other devices are signed out.',
    noOthers: 'You are signed in nowhere else.',
    activity: 'Activity',
    activityText: 'What happened to your account. Something that you do not know? Change your password.',
    noActivity: 'Nothing yet.',
    byAdmin: 'by an admin',
    byOperator: 'by an operator',
    refused: 'refused',
    times: (count: number) => counted(count, 'time'),
    close: 'Close the account',
    closeText: 'You are signed out everywhere, and the address is free.',
    closeKept: (seconds: number) =>
      `A mail has a link that brings the account back, for ${duration(seconds)}. Then it is deleted.`,
    closeForGood: 'Nothing brings it back.',
    closeButton: 'Close my account',
  },
  confirm: {
    title: 'Confirm your password',
    text: 'This needs a password that was given in the last minutes.',
    button: 'Confirm',
    wrong: 'The password is wrong.',
  },
  admin: {
    title: 'Users',
    search: 'Search',
    anyRole: 'Any role',
    user: 'User',
    admin: 'Admin',
    none: 'Nobody found.',
    next: 'Next page',
    first: 'First page',
    back: 'All users',
    since: 'Since',
    status: 'Status',
    active: 'Active',
    disabled: 'Disabled',
    verified: 'Verified',
    notVerified: 'Not verified',
    role: 'Role',
    makeAdmin: 'Make an admin',
    makeUser: 'Take the role away',
    disable: 'Disable',
    enable: 'Enable',
    endSessions: 'Sign out everywhere',
    remove: 'Delete',
    removeConfirm: (email: string) => `Delete ${email}?`,
    removeText: 'The account is deleted for good. Nothing brings it back.',
    removeButton: 'Delete for good',
    removed: 'The account is deleted.',
    changed: 'Changed.',
    sessionsEnded: 'The user is signed out everywhere.',
    by: (email: string) => `by ${email}`,
    byYou: 'by you',
    byGone: (id: string) => `by an account that is gone (${id})`,
    activity: 'Activity',
    showActivity: 'Show the activity',
    id: 'Id',
    created: 'Created',
    name: 'Name',
    you: 'This is you',
    signInFirst: 'Sign in as an admin',
    signInText: 'This page is for admins.',
    forbidden: 'This page is for admins',
    forbiddenText: 'You are signed in, but you are no admin. An admin can make you one.',
    firstAdmin: 'No admin yet? This command makes one. In development:',
    firstAdminPod: 'On a cluster:',
  },
  notFound: {
    title: 'Page not found',
    text: 'There is no page at this address.',
    home: 'Go to the first page',
  },
};

export type Words = typeof words;
