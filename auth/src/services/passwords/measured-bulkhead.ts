import type { Metrics } from '../metrics/metrics';
import { Bulkhead } from './bulkhead';

const buckets = [0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2, 5];

/** A bulkhead for hashes, with its metrics where somebody wants them. */
export function measuredBulkhead(
  capacity: { concurrency: number; queue: number },
  metrics: Metrics | undefined,
): Bulkhead {
  if (!metrics) return new Bulkhead(capacity);
  const took = metrics.histogram('auth_hash_seconds', 'Duration of hashing, without the wait', buckets, []);
  const bulkhead = new Bulkhead(capacity, {
    ended: (seconds) => {
      took({}, seconds);
    },
    turnedAway: metrics.counter(
      'auth_hashes_turned_away_total',
      'Callers who got no place in the line for hashes',
    ),
  });
  metrics.gauge('auth_hashes_running', 'Hashes that run', () => bulkhead.running);
  metrics.gauge('auth_hashes_waiting', 'Callers who wait for a hash', () => bulkhead.waiting);
  return bulkhead;
}
