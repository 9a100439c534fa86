import { watchedCommands, type DatabaseWatch } from '../../models/watch-database';
import type { Metrics } from './metrics';

// The driver counts whole milliseconds.
const buckets = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/** Measures the connections to MongoDB, and the commands on them. */
export function databaseMetrics(metrics: Metrics): DatabaseWatch {
  const held = { inUse: 0, waiting: 0 };
  metrics.gauge('auth_mongo_connections_in_use', 'Connections to MongoDB in use', () => held.inUse);
  metrics.gauge(
    'auth_mongo_connections_waiting',
    'Operations that wait for a connection to MongoDB',
    () => held.waiting,
  );
  const took = metrics.histogram('auth_mongo_command_seconds', 'Duration of commands to MongoDB', buckets, [
    'command',
  ]);
  const failed = metrics.counterBy(
    'auth_mongo_command_failures_total',
    'Commands to MongoDB that failed',
    'command',
    watchedCommands,
  );
  return {
    inUse: (change) => (held.inUse += change),
    waiting: (change) => (held.waiting += change),
    command: (command, seconds, isFailed) => {
      took({ command }, seconds);
      if (isFailed) failed(command);
    },
  };
}
