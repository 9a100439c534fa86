import { call } from '../../api';
import { el } from '../../dom';
import { Refusal } from '../../refusal';
import type { ActivityEvent, CurrentUser, ListedUser } from '../../types';
import { words } from '../../words/words';

/** Who acts in the audit trail, which names accounts by their ids. */
export class Actors {
  /** Addresses by id; undefined for accounts that are gone. */
  readonly #known = new Map<string, string | undefined>();

  constructor(private readonly caller: CurrentUser) {}

  /** Looks up those of the events who are not known yet. */
  async learn(events: ActivityEvent[]): Promise<void> {
    const ids = new Set(events.flatMap((event) => otherActorOf(event) ?? []));
    const unknown = [...ids].filter((id) => id !== this.caller.id && !this.#known.has(id));
    await Promise.all(unknown.map(async (id) => this.#known.set(id, await addressOf(id))));
  }

  /** Says who did something, unless it was the user whom it is about. */
  say(event: ActivityEvent): Node | string | undefined {
    if (event.actor === 'operator') return words.account.byOperator;
    const id = otherActorOf(event);
    if (id === undefined) return undefined;
    if (id === this.caller.id) return words.admin.byYou;
    const address = this.#known.get(id);
    if (address === undefined) return words.admin.byGone(id);
    return el('a', { href: `/admin?user=${id}` }, words.admin.by(address));
  }
}

const otherActorOf = ({ actor, user }: ActivityEvent): string | undefined =>
  actor === 'operator' || actor === user ? undefined : actor;

async function addressOf(id: string): Promise<string | undefined> {
  try {
    return (await call<ListedUser>('GET', `/${encodeURIComponent(id)}`)).data.email;
  } catch (error) {
    if (error instanceof Refusal && error.is('not_found')) return undefined;
    throw error;
  }
}
