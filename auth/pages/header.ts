import { call } from './api';
import { el } from './dom';
import { announceSignOut, onSignIn, onSignOut } from './tabs';
import type { CurrentUser } from './types';
import { onClick } from './action';
import { words } from './words/words';

/** Shows where somebody who is signed in can go, and the way out, which other tabs follow. */
export function showHeader(user: CurrentUser): void {
  const out = el('button', { type: 'button', id: 'sign-out' }, words.common.signOut);
  const nav = el(
    'nav',
    { 'aria-label': words.common.nav },
    link('/account', words.common.account),
    user.role === 'admin' ? link('/admin', words.common.users) : undefined,
    out,
  );
  document.querySelector('header')?.append(nav);
  onClick(out, signOut, document.querySelector('main') ?? undefined);
  onSignOut(leave);
  // It may be another account.
  onSignIn(() => {
    location.reload();
  });
}

async function signOut(): Promise<void> {
  await call('POST', '/signout');
  announceSignOut();
  leave();
}

const leave = (): void => {
  location.replace('/signin?reason=signed-out');
};

const link = (href: string, text: string): HTMLAnchorElement =>
  el('a', { href, 'aria-current': location.pathname === href ? 'page' : undefined }, text);
