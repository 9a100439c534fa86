import { Cancelled } from '../action';
import { call } from '../api';
import { byId, showState } from '../dom';
import { onSubmit } from '../form';
import { Refusal } from '../refusal';
import { announceSignOut } from '../tabs';
import { reloadForNextLink, takeMailLink, type MailLink } from '../token';
import type { CurrentUser } from '../types';
import { usernameIn } from '../username';
import { tellWho } from '../who';
import { words } from '../words/words';
import { linkWords, type Proof } from './email-verification/link-words';
import { askForNewPassword, askForPassword } from './email-verification/password-fields';
import { tellDone } from './email-verification/tell-done';

export async function emailVerification(): Promise<void> {
  reloadForNextLink();
  const link = takeMailLink();
  if (!link) {
    showState('no-link');
    return;
  }
  await tellWho();
  if (link.declines) decline(link);
  else confirm(link);
}

function decline({ token }: MailLink): void {
  showState('decline');
  onSubmit(byId('decline', HTMLFormElement), async () => {
    await orUnusable(async () => {
      const before = await tellWho();
      await call('POST', '/email-verification/decline', { token });
      // It may have been the account that is signed in.
      if (before && (await tellWho()) === null) announceSignOut();
      showState('declined');
    });
  });
}

/**
 * Sends the token alone first, and asks for a password where the service answers that it needs one. What the link says of
 * itself chooses words only: a stranger may have changed it, to get a password for an account that is theirs.
 */
function confirm({ token, purpose }: MailLink): void {
  const form = byId('link', HTMLFormElement);
  let proof: Proof | undefined;
  say(purpose);
  onSubmit(form, ({ password, name }) =>
    orUnusable(async () => {
      const before = await tellWho();
      const given = { ...(password !== undefined && { password }), ...(name?.trim() && { name }) };
      const used = call<CurrentUser>('POST', '/email-verification/confirm', { token, ...given });
      const { data: user } = await used.catch((error: unknown) => {
        proof ??= missing(error);
        if (proof === undefined || password !== undefined) throw error;
        say(purpose, proof);
        (proof === 'new password' ? askForNewPassword(form, before) : askForPassword(form, before)).focus();
        throw new Cancelled();
      });
      tellUsername(form, user.email);
      proof ??= before?.id === user.id ? 'session of the account' : 'token alone';
      await tellDone({ user, before, password, text: linkWords(purpose, proof) });
    }),
  );
}

/** The link does not say whose it is. Before the form goes, a password manager learns for which account to keep the password. */
function tellUsername(form: HTMLFormElement, email: string): void {
  const username = usernameIn(form);
  if (username) username.value = email;
}

/** What the service has missed. */
function missing(error: unknown): Proof | undefined {
  if (!(error instanceof Refusal)) return undefined;
  if (error.is('confirmation_needs_password')) return 'password of the account';
  return error.is('password_required') ? 'new password' : undefined;
}

/** Says what the link is for, as far as that is known. */
function say(purpose: string, proof?: Proof): void {
  const { title, text, button } = linkWords(purpose, proof);
  byId('link-title', HTMLElement).textContent = title;
  byId('link-text', HTMLElement).textContent = proof === 'new password' ? words.verify.choosePassword : text;
  byId('link-button', HTMLElement).textContent = button;
  showState('link');
}

/** Says in a state of its own that a link is no good: there is nothing to try again. */
async function orUnusable(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Refusal) || !error.is('invalid_token')) throw error;
    showState('unusable');
  }
}
