import { bytesOf, type SessionModel } from '../../models/session';
import type { SessionFeed } from '../../models/session-feed';
import type { Metrics } from '../metrics/metrics';
import { answerSources, LiveSessions } from './live-sessions';
import { Pulse } from './pulse';

// Before the first heartbeat has come back.
const maxDelaySeconds = 3600;

export interface SessionMemoryOptions {
  model: SessionModel;
  feed: SessionFeed;
  /** How many sessions are kept. 0: each check asks the database. */
  max: number;
  metrics: Metrics;
  now: () => Date;
}

/** Puts the live sessions together with what tells them of changes. */
export class SessionMemory {
  readonly sessions: Pick<LiveSessions, 'find' | 'findNow'>;
  readonly #live: LiveSessions;
  readonly #pulse: Pulse;

  constructor(private readonly options: SessionMemoryOptions) {
    const { model, feed, max, metrics, now } = options;
    const find = (id: string) => model.findLive(id, now());
    this.#pulse = new Pulse({ beat: (n) => feed.beat(n), clock: () => performance.now() });
    const answered = metrics.counterBy(
      'auth_session_lookups_total',
      'Sessions looked up by requests, by what answered',
      'source',
      answerSources,
    );
    this.#live = new LiveSessions({ find, pulse: this.#pulse, now, max, bytesOf, answered });
    this.sessions = max > 0 ? this.#live : { find, findNow: find };
    metrics.gauge('auth_live_sessions', 'Live sessions in memory', () => this.#live.size);
    metrics.gauge('auth_session_feed_delay_seconds', 'How old the last heartbeat is that came back', () =>
      this.#pulse.isBeating ? Math.min(this.#pulse.delayMs / 1000, maxDelaySeconds) : undefined,
    );
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
