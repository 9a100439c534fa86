import { Cancelled } from '../action';
import { call, currentUser } from '../api';
import { byId, el, showState } from '../dom';
import { onSubmit } from '../form';
import { Refusal } from '../refusal';
import { watchPasswords } from '../show-password';
import { announceSignIn, announceSignOut } from '../tabs';
import { reloadForNextLink, takeMailLink, type MailLink } from '../token';
import type { CurrentUser } from '../types';
import { usernameField, usernameIn } from '../username';
import { words } from '../words/words';

export async function emailVerification(): Promise<void> {
  reloadForNextLink();
  const link = takeMailLink();
  if (!link) {
    showState('no-link');
    return;
  }
  if (link.declines) decline(link);
  else await confirm(link);
}

const linkWords = (purpose: string) =>
  Object.entries(words.links).find(([name]) => name === purpose)?.[1] ?? words.anyLink;

function decline({ token }: MailLink): void {
  showState('decline');
  onSubmit(byId('decline', HTMLFormElement), async () => {
    await orUnusable(async () => {
      await call('POST', '/email-verification/decline', { token });
      showState('declined');
    });
  });
}

async function confirm({ token, purpose }: MailLink): Promise<void> {
  const { title, text, button } = linkWords(purpose);
  byId('link-title', HTMLElement).textContent = title;
  byId('link-text', HTMLElement).textContent = text;
  byId('link-button', HTMLElement).textContent = button;
  const form = byId('link', HTMLFormElement);
  // Where it can't be known, the service says what else it needs.
  const signedIn = await currentUser().catch(() => null);
  if (purpose === 'signup') addNewAccount(form);
  else if (needsAccount(purpose) && !signedIn) addPassword(form);
  showState('link');
  onSubmit(form, ({ password, name }) =>
    orUnusable(async () => {
      const given = { ...(password !== undefined && { password }), ...(name?.trim() && { name }) };
      const user = await use(form, { token, ...given });
      tellUsername(form, user.email);
      if (password !== undefined && !signedIn) await signInIfPossible(user.email, password);
      finish(purpose);
    }),
  );
}

const needsAccount = (purpose: string): boolean => purpose === 'verification' || purpose === 'email-change';
const endsEverySession = (purpose: string): boolean =>
  purpose === 'email-change-undo' || purpose === 'account-reopening';

/** Uses the link, or asks for what the service says that it needs too. */
async function use(
  form: HTMLFormElement,
  given: { token: string; password?: string; name?: string },
): Promise<CurrentUser> {
  try {
    return (await call<CurrentUser>('POST', '/email-verification/confirm', given)).data;
  } catch (error) {
    if (!(error instanceof Refusal) || given.password !== undefined) throw error;
    if (error.is('confirmation_needs_password')) addPassword(form).focus();
    else if (error.is('password_required')) addNewAccount(form).focus();
    else throw error;
    throw new Cancelled();
  }
}

/** The link does not say whose it is. Before the form goes, a password manager learns for which account to keep the password. */
function tellUsername(form: HTMLFormElement, email: string): void {
  const username = usernameIn(form);
  if (username) username.value = email;
}

/** Whoever has just given the password need not give it again. Where that fails, the next page asks for it. */
async function signInIfPossible(email: string, password: string): Promise<void> {
  try {
    await call('POST', '/signin', { email, password });
    announceSignIn();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
  }
}

function finish(purpose: string): void {
  const { done, doneText } = linkWords(purpose);
  byId('done-title', HTMLElement).textContent = done;
  byId('done-text', HTMLElement).textContent = doneText;
  byId('done-link', HTMLElement).hidden = endsEverySession(purpose);
  if (endsEverySession(purpose)) announceSignOut();
  showState('done');
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

function addPassword(form: HTMLFormElement): HTMLInputElement {
  const text = el('p', {}, words.verify.needsPassword);
  const field = passwordField(words.fields.password, 'current-password');
  return addFields(form, text, field);
}

function addNewAccount(form: HTMLFormElement): HTMLInputElement {
  const label = el('label', { for: 'name' }, words.fields.optionalName);
  const name = el('input', { id: 'name', name: 'name', autocomplete: 'name', dir: 'auto' });
  return addFields(
    form,
    el('div', { class: 'field' }, label, name),
    passwordField(words.fields.newPassword, 'new-password'),
  );
}

const passwordField = (label: string, autocomplete: string): HTMLElement =>
  el(
    'div',
    { class: 'field' },
    el('label', { for: 'password' }, label),
    el('input', { id: 'password', name: 'password', type: 'password', autocomplete, required: true }),
  );

function addFields(form: HTMLFormElement, ...fields: HTMLElement[]): HTMLInputElement {
  form.prepend(usernameField(), ...fields);
  watchPasswords(form);
  return byId('password', HTMLInputElement);
}
