import { browserInWords } from '../src/browser-words';
import { onClick } from './action';
import { capitalized } from './capitalized';
import { byId, el } from './dom';
import { time } from './time';
import type { ActivityEvent, EventPage } from './types';
import { words } from './words/words';

/** Fills a list of events page by page, as its button is pressed. */
export async function listEvents(
  ids: { list: string; more: string },
  path: string,
  get: Get,
  whoDid: WhoDid = byRole,
): Promise<void> {
  const list = byId(ids.list, HTMLElement);
  const more = byId(ids.more, HTMLElement);
  let cursor: string | null = null;
  const load = async (): Promise<void> => {
    const query = new URLSearchParams({ limit: '10', ...(cursor !== null && { cursor }) });
    const { events, nextCursor } = await get(`${path}${path.includes('?') ? '&' : '?'}${query.toString()}`);
    const items = events.map((event) => item(event, whoDid(event)));
    list.append(...items);
    if (cursor !== null) items[0]?.focus();
    if (list.childElementCount === 0) list.append(el('li', {}, words.account.noActivity));
    cursor = nextCursor;
    more.hidden = nextCursor === null;
  };
  await load();
  // Afterwards: where the first page fails, the caller lists again.
  const button = more.querySelector('button');
  if (button) onClick(button, load, more);
}

type Get = (path: string) => Promise<EventPage>;
/** Says who did something. Undefined where it goes without saying, or nobody knows. */
type WhoDid = (event: ActivityEvent) => Node | string | undefined;

function item(event: ActivityEvent, by: ReturnType<WhoDid>): HTMLLIElement {
  const { at, action, outcome, detail = '', count = 1, ip, userAgent } = event;
  const actions: Readonly<Record<string, string>> = words.actions;
  const details: Readonly<Record<string, string>> = words.details;
  const facts = [
    details[detail],
    by,
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
    el('div', { class: 'hint' }, ...separated(facts)),
  );
  return el('li', { tabindex: '-1' }, what, el('span', { class: 'hint' }, time(at)));
}

/** The facts of a line, which begins with a capital letter. */
const separated = (facts: (Node | string)[]): (Node | string)[] =>
  facts.flatMap((fact, index) => {
    if (index > 0) return [' · ', fact];
    return [typeof fact === 'string' ? capitalized(fact) : fact];
  });

/** To the user whom it is about. */
function byRole({ by }: ActivityEvent): string | undefined {
  if (by === 'admin') return words.account.byAdmin;
  return by === 'operator' ? words.account.byOperator : undefined;
}
