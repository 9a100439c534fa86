import { showFailure } from './failure';
import { requireOwnHtml } from './html-version';
import { account } from './page/account';
import { admin } from './page/admin';
import { emailVerification } from './page/email-verification';
import { home } from './page/home';
import { passwordReset } from './page/password-reset';
import { signIn } from './page/sign-in';
import { signUp } from './page/sign-up';
import { watchPasswords } from './show-password';

/** What each page does, by the name of its document. One that is not here is only read. */
const pages: Readonly<Record<string, () => Promise<void> | void>> = {
  home,
  signin: signIn,
  signup: signUp,
  'email-verification': emailVerification,
  'password-reset': passwordReset,
  account,
  admin,
};

async function start(): Promise<void> {
  try {
    requireOwnHtml();
    watchPasswords();
    await pages[document.body.dataset['page'] ?? '']?.();
  } catch (error) {
    showFailure(error);
  }
}

// Going back shows a page as it was, with what somebody who has signed out meanwhile must not leave behind: it is hidden
// when it is left, and made anew when it comes back.
window.addEventListener('pagehide', ({ persisted }) => {
  document.body.hidden = persisted;
});
window.addEventListener('pageshow', ({ persisted }) => {
  if (persisted) location.reload();
});

void start();
