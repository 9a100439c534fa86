import type { LinkPurpose } from '../../src/models/link-purposes';

interface LinkWords {
  title: string;
  text: string;
  button: string;
  done: string;
  doneText: string;
}

/** What a link to `/email-verification` is for, before and after its button. */
export const links = {
  verification: {
    title: 'Verify your e-mail address',
    text: 'Confirm that this address is yours.',
    button: 'Verify my address',
    done: 'Your address is verified',
    doneText: 'Thank you. You do not need to do anything else.',
  },
  signup: {
    title: 'Open your account',
    text: 'Press the button, and choose a password.',
    button: 'Open my account',
    done: 'Your account is open',
    doneText: 'Sign in with this address and the password that you have chosen.',
  },
  'email-change': {
    title: 'Confirm your new address',
    text: 'From then on you sign in with the new address.',
    button: 'Confirm the new address',
    done: 'Your address has changed',
    doneText: 'Sign in with the new address from now on.',
  },
  'email-change-undo': {
    title: 'Restore your earlier address',
    text: 'This undoes the change of address, signs every device out, and makes the password invalid. We then send you a mail to set a new one.',
    button: 'Restore my address',
    done: 'Your address is restored',
    doneText: 'Every device is signed out. We have sent you a mail with a link to set a new password.',
  },
  'account-reopening': {
    title: 'Bring your account back',
    text: 'This brings the closed account back, and makes its password invalid. We then send you a mail to set a new one.',
    button: 'Bring my account back',
    done: 'Your account is back',
    doneText: 'Every device is signed out. We have sent you a mail with a link to set a new password.',
  },
} satisfies Record<Exclude<LinkPurpose, 'password-reset'>, LinkWords>;

/** The same for a link of an earlier version, which does not say what it is for. */
export const anyLink: LinkWords = {
  title: 'Use the link from your mail',
  text: 'The mail says what the link is for. Press the button to go on.',
  button: 'Go on',
  done: 'Done',
  doneText: 'If the mail said that the password becomes invalid, another mail has a link to set a new one.',
};
