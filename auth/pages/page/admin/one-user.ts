import { onClick } from '../../action';
import { tellIn } from '../../alerts';
import { call } from '../../api';
import { ask } from '../../dialog';
import { byId, el, focusOn, showState } from '../../dom';
import { listEvents } from '../../events';
import { callFresh } from '../../fresh';
import { time } from '../../time';
import type { CurrentUser, EventPage, ListedUser } from '../../types';
import { words } from '../../words/words';
import { Actors } from './actors';

/** One user, and what an admin can do for them. */
export async function oneUser(id: string, caller: CurrentUser): Promise<void> {
  const path = `/${encodeURIComponent(id)}`;
  let { data: user } = await call<ListedUser>('GET', path);
  const card = byId('user-card', HTMLElement);

  const on = (button: string, act: () => Promise<string | undefined>): void => {
    onClick(
      byId(button, HTMLButtonElement),
      async () => {
        const done = await act();
        if (done === undefined) return;
        show(user, caller);
        tellIn(card, done);
      },
      card,
    );
  };
  const change = async (to: Partial<ListedUser>): Promise<string> => {
    ({ data: user } = await callFresh<ListedUser>('PATCH', path, { ...to, version: user.version }));
    return words.admin.changed;
  };
  on('change-role', () => change({ role: user.role === 'admin' ? 'user' : 'admin' }));
  on('change-disabled', () => change({ disabled: !user.disabled }));
  on('end-sessions', async () => {
    await callFresh('DELETE', `${path}/sessions`);
    return words.admin.sessionsEnded;
  });
  on('delete-user', async () => {
    const { removeConfirm, removeText, removeButton } = words.admin;
    await ask({ title: removeConfirm(user.email), text: removeText, button: removeButton, danger: true });
    await callFresh('DELETE', path);
    location.replace('/admin?deleted');
    return undefined;
  });
  showActivity(id, new Actors(caller));
  show(user, caller);
  showState('user');
}

function show(user: ListedUser, caller: CurrentUser): void {
  const { role, disabled, emailVerified } = user;
  byId('user-email', HTMLElement).textContent = user.email;
  const facts: [string, string | Node][] = [
    [words.admin.name, el('span', { dir: 'auto' }, user.name ?? '–')],
    [words.admin.role, role === 'admin' ? words.admin.admin : words.admin.user],
    [words.admin.status, disabled ? words.admin.disabled : words.admin.active],
    [words.fields.email, emailVerified ? words.admin.verified : words.admin.notVerified],
    [words.admin.created, time(user.createdAt)],
    [words.admin.id, user.id],
  ];
  byId('facts', HTMLElement).replaceChildren(
    ...facts.flatMap(([name, value]) => [el('dt', {}, name), el('dd', {}, value)]),
  );
  byId('change-role', HTMLElement).textContent =
    role === 'admin' ? words.admin.makeUser : words.admin.makeAdmin;
  byId('change-disabled', HTMLElement).textContent = disabled ? words.admin.enable : words.admin.disable;
  if (user.id === caller.id) byId('user-email', HTMLElement).append(` (${words.admin.you})`);
}

/** The audit trail is shown when it is asked for, because that needs a password that was given recently. */
function showActivity(id: string, actors: Actors): void {
  const button = byId('show-activity', HTMLButtonElement);
  onClick(button, async () => {
    const ids = { list: 'activity', more: 'more-activity' };
    const get = async (path: string): Promise<EventPage> => {
      const { data } = await callFresh<EventPage>('GET', path);
      await actors.learn(data.events);
      return data;
    };
    await listEvents(ids, `/audit?user=${encodeURIComponent(id)}`, get, (event) => actors.say(event));
    button.hidden = true;
    focusOn(byId('activity-title', HTMLElement));
  });
}
