import { rejection } from '../../models/database';
import type { MailModel } from '../../models/mail';
import type { Metrics } from '../metrics/metrics';

interface OutboxMetricsOptions {
  metrics: Metrics;
  mails: Pick<MailModel, 'backlog'>;
  now: () => Date;
  /** How old the last look may be, in ms. */
  everyMs?: number;
  /** How long Prometheus waits for the database, in ms. */
  patienceMs?: number;
}

// More than that is an alarm, however many more.
const maxCounted = 1000;

/** The mails that wait, as the database has them: the same for each process. */
export function measureOutbox({
  metrics,
  mails,
  now,
  everyMs = 10_000,
  patienceMs = 1000,
}: OutboxMetricsOptions): void {
  const look = atMostEvery(everyMs, async () => mails.backlog(maxCounted));
  const looked = () =>
    Promise.race([look(), rejection(AbortSignal.timeout(patienceMs))]).catch(() => undefined);
  metrics.gauge('auth_outbox_waiting', 'Mails that wait, up to 1000', async () => (await looked())?.waiting);
  metrics.gauge(
    'auth_outbox_oldest_seconds',
    'Age of the oldest mail that waits; 0 if none does',
    async () => {
      const found = await looked();
      if (!found) return undefined;
      return found.oldest ? Math.max(0, now().getTime() - found.oldest.getTime()) / 1000 : 0;
    },
  );
}

/** Whoever asks before the time is over gets the last answer, or waits for the one that is under way. */
function atMostEvery<T>(ms: number, ask: () => Promise<T>): () => Promise<T> {
  let last: { answer: Promise<T>; at: number } | undefined;
  return () => {
    if (!last || performance.now() - last.at >= ms) last = { answer: ask(), at: performance.now() };
    return last.answer;
  };
}
