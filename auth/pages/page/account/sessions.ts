import { browserInWords } from '../../../src/browser-words';
import { onClick } from '../../action';
import { tellIn } from '../../alerts';
import { call } from '../../api';
import { capitalized } from '../../capitalized';
import { byId, el } from '../../dom';
import { callFresh } from '../../fresh';
import { loadPart } from '../../part';
import { time } from '../../time';
import type { Session } from '../../types';
import { words } from '../../words/words';

/** The sessions of the account, each with a button that ends it. */
export const sessions = (): Promise<void> => loadPart('sessions-part', list);

async function list(): Promise<void> {
  const { data } = await call<{ sessions: Session[] }>('GET', '/sessions');
  const ordered = [...data.sessions].sort((a, b) => Number(b.current) - Number(a.current));
  const shown = byId('sessions', HTMLElement);
  const card = shown.closest('section') ?? shown;
  shown.replaceChildren(...ordered.map((session) => item(session, card)));
  const others = byId('end-others', HTMLButtonElement);
  others.hidden = ordered.length < 3;
  byId('no-others', HTMLElement).hidden = ordered.length > 1;
  if (others.dataset['ready'] !== undefined) return;
  others.dataset['ready'] = '';
  onClick(others, async () => {
    await callFresh('DELETE', '/sessions');
    await ended(card, words.account.othersEnded);
  });
}

function item(session: Session, card: HTMLElement): HTMLLIElement {
  const browser = browserInWords(session.userAgent);
  const facts = [
    el('div', { class: 'hint' }, capitalized(words.account.address(session.ip))),
    el('div', { class: 'hint' }, words.account.lastUsed, ' ', time(session.lastUsedAt)),
    el('div', { class: 'hint' }, words.account.since, ' ', time(session.createdAt)),
  ];
  const name = el('strong', {}, capitalized(browser));
  const badge = session.current ? el('span', { class: 'badge good' }, words.account.thisBrowser) : undefined;
  const what = el('div', { class: 'what' }, name, ' ', badge, ...facts);
  if (session.current) return el('li', {}, what);
  const end = el('button', { type: 'button', 'aria-label': words.account.endOf(browser) }, words.account.end);
  onClick(
    end,
    async () => {
      await callFresh('DELETE', `/sessions/${encodeURIComponent(session.id)}`);
      await ended(card, words.account.ended);
    },
    card,
  );
  return el('li', {}, what, end);
}

async function ended(card: HTMLElement, text: string): Promise<void> {
  await sessions();
  const title = byId('sessions-title', HTMLElement);
  title.tabIndex = -1;
  title.focus();
  tellIn(card, text);
}
