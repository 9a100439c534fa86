import os from 'node:os';
import {
  ConnectionStates,
  Mongoose,
  mongo,
  type ClientSession,
  type Connection,
  type Schema,
} from 'mongoose';
import type { Logger } from 'pino';
import { DatabaseConnectionError } from '../errors/database-connection-error';
import { jsonSchemaOf } from './json-schema';

// A call to a database that hangs is given up within 5 s: 2 s for the answer, 1 s and 1.5 s for the driver's second try.
const timeouts = {
  socketTimeoutMS: 2000,
  connectTimeoutMS: 1000,
  serverSelectionTimeoutMS: 1500,
  heartbeatFrequencyMS: 2000,
};

// Building an index or bringing a validator up to date may take longer than a request does; the next try finds it done.
const backOff = { firstMs: 100, mostMs: 2000 };

/**
 * Connects, and goes on trying with back-off until the database answers or the signal aborts.
 * @param prepare brings the collections up to date; what it throws leads to another try
 * @throws the signal's reason once it has aborted
 */
export async function connectDatabase<T>(
  uri: string,
  prepare: (connection: Connection) => Promise<T>,
  { logger, signal }: { logger: Logger; signal: AbortSignal },
): Promise<{ connection: Connection; prepared: T }> {
  for (let waitMs = backOff.firstMs; ; waitMs = Math.min(2 * waitMs, backOff.mostMs)) {
    signal.throwIfAborted();
    const connection = openConnection(uri);
    try {
      await connection.asPromise();
      return { connection, prepared: await prepare(connection) };
    } catch (err) {
      logger.warn({ err, retryInMs: waitMs }, 'MongoDb not ready');
      await connection.close(true);
    }
    await pause(waitMs, signal);
  }
}

function openConnection(uri: string): Connection {
  // An instance of our own: settings hold for it alone, and two apps in one process share nothing.
  const mongoose = new Mongoose({ sanitizeFilter: true, strictQuery: true });
  const connection = mongoose.createConnection(uri, {
    ...timeouts,
    autoCreate: false,
    autoIndex: false,
    bufferCommands: false,
    // The driver loads `os` by a dynamic import, which a CommonJS sandbox such as jest's refuses.
    runtimeAdapters: { os },
  });
  // Each failed call reports for itself; without a listener the same failure would end the process.
  connection.on('error', () => undefined);
  return connection;
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

/** Passed to every call that belongs to a transaction. */
export type Transaction = ClientSession;

/** Does all of it or nothing; runs the work anew where it conflicted with another, so it must bear being repeated. */
export type Transact = <T>(work: (tx: Transaction) => Promise<T>) => Promise<T>;

// The driver by itself would try again for two minutes.
const mostTransactionMs = 4000;

/** @throws {DatabaseConnectionError} where it takes too long: it may have been committed all the same, or not */
export const transactions =
  (connection: Connection, mostMs = mostTransactionMs): Transact =>
  async (work) => {
    const session = await connection.startSession();
    const limit = AbortSignal.timeout(mostMs);
    const done = session
      .withTransaction(() => {
        limit.throwIfAborted();
        return work(session);
      })
      .finally(() => session.endSession());
    return Promise.race([done, rejection(limit)]);
  };

function rejection(limit: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    limit.addEventListener('abort', () => {
      reject(new DatabaseConnectionError(limit.reason));
    });
  });
}

/** What is needed of a model to prepare its collection, whatever its documents are. */
interface CollectionModel {
  db: Connection;
  collection: { name: string };
  schema: Schema;
  createIndexes: () => Promise<void>;
}

/**
 * Makes the collection with its validator and indexes, or brings the one that is there up to date.
 * @param adopt what is done first with the documents of one that has no validator, and so is not of our making
 */
export async function prepareCollection(model: CollectionModel, adopt?: () => Promise<void>): Promise<void> {
  const { db, collection, schema } = model;
  const validation = { validator: { $jsonSchema: jsonSchemaOf(schema) }, validationLevel: 'strict' };
  try {
    await db.createCollection(collection.name, validation);
  } catch (error) {
    if (!hasCode(error, 48 /* NamespaceExists */)) throw error;
    const options = await database(db).collection(collection.name).options();
    if (options['validator'] === undefined) await adopt?.();
    await database(db).command({ collMod: collection.name, ...validation });
  }
  await model.createIndexes();
}

function database(connection: Connection): mongo.Db {
  if (!connection.db) throw new mongo.MongoNotConnectedError('Not connected');
  return connection.db;
}

export const isConnected = (connection: Connection): boolean =>
  connection.readyState === ConnectionStates.connected;

/** Whether a write failed because a unique index holds that value already. */
export const isDuplicateKey = (error: unknown): boolean => hasCode(error, 11000);

/** Whether a call failed because no database could serve it, and may succeed when tried again. */
export const isUnavailable = (error: unknown): boolean =>
  error instanceof mongo.MongoNetworkError ||
  error instanceof mongo.MongoServerSelectionError ||
  error instanceof mongo.MongoNotConnectedError ||
  error instanceof mongo.MongoTopologyClosedError ||
  error instanceof mongo.MongoClientClosedError ||
  (error instanceof mongo.MongoError &&
    ['RetryableWriteError', 'RetryableError', 'TransientTransactionError'].some((label) =>
      error.hasErrorLabel(label),
    )) ||
  (error instanceof mongo.MongoServerError && unavailableCodes.has(Number(error.code)));

// The server's own words for "not now": stepping down, shutting down, no primary, majority not reached.
const unavailableCodes = new Set([
  6, 7, 63, 64, 89, 91, 189, 262, 9001, 10058, 10107, 11600, 11602, 13435, 13436,
]);

const hasCode = (error: unknown, code: number): boolean =>
  error instanceof mongo.MongoServerError && error.code === code;
