import { bytesOf, type SessionModel } from '../../models/session';
import type { SessionFeed } from '../../models/session-feed';
import { LiveSessions } from './live-sessions';
import { Pulse } from './pulse';

export interface SessionMemoryOptions {
  model: SessionModel;
  feed: SessionFeed;
  /** How many sessions are kept. 0: each check asks the database. */
  max: number;
  now: () => Date;
}

/** Puts the live sessions together with what tells them of changes. */
export class SessionMemory {
  readonly sessions: Pick<LiveSessions, 'find' | 'findNow'>;
  readonly #live: LiveSessions;
  readonly #pulse: Pulse;

  constructor(private readonly options: SessionMemoryOptions) {
    const { model, feed, max, now } = options;
    const find = (id: string) => model.findLive(id, now());
    this.#pulse = new Pulse({ beat: (n) => feed.beat(n), clock: () => performance.now() });
    this.#live = new LiveSessions({ find, pulse: this.#pulse, now, max, bytesOf });
    this.sessions = max > 0 ? this.#live : { find, findNow: find };
  }

  start(): void {
    if (this.options.max === 0) return;
    this.options.feed.start({
      changed: (changed) => {
        this.#live.changed(changed);
      },
      heard: (n) => {
        this.#pulse.heard(n);
      },
      lost: () => {
        this.#pulse.lost();
        this.#live.clear();
      },
    });
  }

  async stop(): Promise<void> {
    this.#pulse.stop();
    await this.options.feed.stop();
  }
}
