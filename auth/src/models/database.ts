import { mongo, type ClientSession, type Connection } from 'mongoose';
import { DatabaseConnectionError } from '../errors/database-connection-error';

/** Passed to every call that belongs to a transaction. */
export type Transaction = ClientSession;

/** Commits all that the work writes, or nothing. Work that conflicted with other work is done again from its beginning. */
export type Transact = <T>(work: (tx: Transaction) => Promise<T>) => Promise<T>;

// The driver itself would try for two minutes.
const maxTransactionMs = 4000;

// Set here, so that neither a URI nor a server's default changes them. What was read is there to stay once it has
// committed.
const transactionOptions = {
  readConcern: { level: 'majority' },
  writeConcern: { w: 'majority' },
  readPreference: 'primary',
} as const;

/**
 * @param repair called where a validator refuses a document; the work is then done again, if it says so
 * @throws {DatabaseConnectionError} where it takes too long; whether it has been committed is not known then
 */
export const transactions =
  (connection: Connection, maxMs = maxTransactionMs, repair?: () => Promise<boolean>): Transact =>
  async (work) => {
    try {
      return await transactOnce(connection, maxMs, work);
    } catch (error) {
      if (!hasCode(error, 121 /* DocumentValidationFailure */) || !(await repair?.())) throw error;
      return transactOnce(connection, maxMs, work);
    }
  };

async function transactOnce<T>(
  connection: Connection,
  maxMs: number,
  work: (tx: Transaction) => Promise<T>,
): Promise<T> {
  const session = await connection.startSession();
  const limit = AbortSignal.timeout(maxMs);
  const done = session
    .withTransaction(() => {
      limit.throwIfAborted();
      return work(session);
    }, transactionOptions)
    .finally(() => session.endSession());
  return Promise.race([done, rejection(limit)]);
}

/** @throws {DatabaseConnectionError} once the signal has aborted */
export function rejection(limit: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    limit.addEventListener('abort', () => {
      reject(new DatabaseConnectionError(limit.reason));
    });
  });
}

/**
 * For a write that resolves once a majority of the members has it. It fails before the time-out of the connection, so that
 * the answer says why.
 */
export const majorityWrite = { writeConcern: { w: 'majority', wtimeoutMS: 1800 } } as const;

/** Whether a write failed because a unique index holds that value already. */
export const isDuplicateKey = (error: unknown): boolean => hasCode(error, 11000);

/**
 * Whether a call failed because no database could serve it, and may succeed when tried again. So may one that got no new
 * connection (HandshakeError): a member that loses its primary meanwhile refuses the right password too.
 */
export const isUnavailable = (error: unknown): boolean =>
  error instanceof mongo.MongoNetworkError ||
  error instanceof mongo.MongoServerSelectionError ||
  error instanceof mongo.MongoNotConnectedError ||
  error instanceof mongo.MongoTopologyClosedError ||
  error instanceof mongo.MongoClientClosedError ||
  (error instanceof mongo.MongoDriverError && error.name === 'MongoWaitQueueTimeoutError') ||
  (error instanceof mongo.MongoError &&
    ['RetryableWriteError', 'RetryableError', 'TransientTransactionError', 'HandshakeError'].some((label) =>
      error.hasErrorLabel(label),
    )) ||
  (error instanceof mongo.MongoServerError && unavailableCodes.has(Number(error.code)));

// Codes of a server that can't serve at the moment: stepping down, shutting down, no primary, majority not reached or not
// known yet, no space left.
const unavailableCodes = new Set([
  6, 7, 63, 64, 89, 91, 134, 189, 262, 9001, 10058, 10107, 11600, 11602, 13435, 13436, 14031,
]);

/** Whether a command failed with that code of MongoDB's. */
export const hasCode = (error: unknown, code: number): boolean =>
  error instanceof mongo.MongoServerError && error.code === code;
