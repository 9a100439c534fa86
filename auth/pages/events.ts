import { browserInWords } from '../src/browser-words';
import { onClick } from './action';
import { capitalized } from './capitalized';
import { byId, el } from './dom';
import { time } from './time';
import type { ActivityEvent, EventPage } from './types';
import { words } from './words/words';

/** Fills a list of events page by page, as its button is pressed. */
export async function listEvents(ids: { list: string; more: string }, path: string, get: Get): Promise<void> {
  const list = byId(ids.list, HTMLElement);
  const more = byId(ids.more, HTMLButtonElement);
  let cursor: string | null = null;
  const load = async (): Promise<void> => {
    const query = new URLSearchParams({ limit: '10', ...(cursor !== null && { cursor }) });
    const { events, nextCursor } = await get(`${path}${path.includes('?') ? '&' : '?'}${query.toString()}`);
    const items = events.map(item);
    list.append(...items);
    if (cursor !== null) items[0]?.focus();
    if (list.childElementCount === 0) list.append(el('li', {}, words.account.noActivity));
    cursor = nextCursor;
    more.hidden = nextCursor === null;
  };
  await load();
  // Afterwards: where the first page fails, the caller lists again.
  onClick(more, load);
}

type Get = (path: string) => Promise<EventPage>;

function item(event: ActivityEvent): HTMLLIElement {
  const { at, action, outcome, count = 1, ip, userAgent } = event;
  const by = byWhom(event);
  const actions: Readonly<Record<string, string>> = words.actions;
  const facts = [
    by === 'admin' ? words.account.byAdmin : undefined,
    by === 'operator' ? words.account.byOperator : undefined,
    userAgent === undefined ? undefined : browserInWords(userAgent),
    ip === undefined ? undefined : words.account.address(ip),
  ].filter((fact) => fact !== undefined);
  const refused =
    outcome === 'refused' ? el('span', { class: 'badge bad' }, words.account.refused) : undefined;
  const what = el(
    'div',
    { class: 'what' },
    el('strong', {}, actions[action] ?? action),
    ' ',
    refused,
    count > 1 ? ` ${words.account.times(count)}` : undefined,
    el('div', { class: 'hint' }, capitalized(facts.join(' · '))),
  );
  return el('li', { tabindex: '-1' }, what, el('span', { class: 'hint' }, time(at)));
}

/** The audit trail, which admins read, names accounts. */
function byWhom({ by, actor, user }: ActivityEvent): ActivityEvent['by'] {
  if (actor === undefined) return by;
  if (actor === 'operator') return actor;
  return actor === user ? 'you' : 'admin';
}
