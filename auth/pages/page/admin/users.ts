import { call } from '../../api';
import { byId, el, showState } from '../../dom';
import { onSubmit } from '../../form';
import type { ListedUser } from '../../types';
import { words } from '../../words/words';
import { tellIn } from '../../alerts';

interface UserPage {
  users: ListedUser[];
  nextCursor: string | null;
}

/** A page of users. The address says which, so that Back, a bookmark and a second tab work. */
export async function users(query: URLSearchParams): Promise<void> {
  const asked = only(query, ['email', 'role']);
  const { data } = await call<UserPage>('GET', `/?${only(query, ['email', 'role', 'cursor']).toString()}`);
  byId('email', HTMLInputElement).value = asked.get('email') ?? '';
  byId('role', HTMLSelectElement).value = asked.get('role') ?? '';
  byId('users', HTMLElement).replaceChildren(...data.users.map(item));
  byId('none', HTMLElement).hidden = data.users.length > 0;
  leadTo('first-page', query.has('cursor') ? asked : undefined);
  const next = new URLSearchParams(asked);
  if (data.nextCursor !== null) next.set('cursor', data.nextCursor);
  leadTo('next-page', data.nextCursor === null ? undefined : next);
  const form = byId('search', HTMLFormElement);
  onSubmit(form, ({ email = '', role = '' }) => {
    location.assign(`/admin?${only(new URLSearchParams({ email, role }), ['email', 'role']).toString()}`);
    return Promise.resolve();
  });
  showState('users');
  if (query.has('deleted')) tellIn(form.closest('section') ?? form, words.admin.removed);
}

/** Those of the parameters, where they are not empty. */
function only(query: URLSearchParams, names: string[]): URLSearchParams {
  const entries = names.map((name) => [name, query.get(name)?.trim() ?? '']);
  return new URLSearchParams(entries.filter(([, value]) => value !== ''));
}

function leadTo(id: string, query: URLSearchParams | undefined): void {
  const link = byId(id, HTMLAnchorElement);
  link.hidden = !query;
  if (query) link.search = query.toString();
}

function item({ id, email, name, role, disabled, emailVerified }: ListedUser): HTMLLIElement {
  const link = el('a', { href: `/admin?user=${id}` }, email);
  const badges = [
    role === 'admin' ? el('span', { class: 'badge' }, words.admin.admin) : undefined,
    disabled ? el('span', { class: 'badge bad' }, words.admin.disabled) : undefined,
    emailVerified ? undefined : el('span', { class: 'badge' }, words.admin.notVerified),
  ];
  const what = el('div', { class: 'what' }, link, el('div', { class: 'hint', dir: 'auto' }, name ?? ''));
  return el('li', {}, what, el('span', { class: 'row' }, ...badges));
}
