import { ConnectionStates, type Connection } from 'mongoose';
import type { Logger } from 'pino';
import { NotReadyError } from './not-ready-error';
import { openConnection, patientTimeouts, requestTimeouts } from './open-connection';
import type { DatabaseWatch } from './watch-database';

export interface ConnectOptions {
  logger: Logger;
  signal: AbortSignal;
  /** Is told what the connection for requests does. */
  watch?: DatabaseWatch | undefined;
}

const backOff = { firstMs: 100, maxMs: 2000 };

/**
 * Connects, and tries again with back-off until the database answers or the signal aborts.
 * @param prepare brings the database up to date, over a connection of its own; what it throws leads to another try
 * @throws the signal's reason once it has aborted
 */
export async function connectDatabase<T>(
  uri: string,
  prepare: (connection: Connection) => Promise<T>,
  { logger, signal, watch }: ConnectOptions,
): Promise<{ connection: Connection; prepared: T }> {
  let said = '';
  for (let waitMs = backOff.firstMs; ; waitMs = Math.min(2 * waitMs, backOff.maxMs)) {
    signal.throwIfAborted();
    try {
      const prepared = await briefly(uri, prepare, signal);
      return { connection: await openConnection(uri, requestTimeouts, watch), prepared };
    } catch (err) {
      signal.throwIfAborted();
      if (!(err instanceof NotReadyError)) logger.warn({ err, retryInMs: waitMs }, 'MongoDb not ready');
      else if (err.message !== said) logger.warn((said = err.message));
    }
    await pause(waitMs, signal);
  }
}

/** Does the work over a connection of its own, without a limit of time, or fails: it tries to connect once. */
export const withDatabase = <T>(uri: string, work: (connection: Connection) => Promise<T>): Promise<T> =>
  briefly(uri, work);

export const isConnected = (connection: Connection): boolean =>
  connection.readyState === ConnectionStates.connected;

/** Does the work over a connection that ends with it, or when the signal aborts. */
async function briefly<T>(
  uri: string,
  work: (connection: Connection) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const connection = await openConnection(uri, patientTimeouts);
  const close = (): void => void connection.close(true);
  signal?.addEventListener('abort', close);
  try {
    return await work(connection);
  } finally {
    signal?.removeEventListener('abort', close);
    await connection.close(true);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
