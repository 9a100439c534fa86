import os from 'node:os';
import { Mongoose, type Connection, type mongo } from 'mongoose';
import { NotReadyError } from './not-ready-error';
import { watchDatabase, type DatabaseWatch } from './watch-database';

// A call to a database that hangs fails within 5 s: 2 s for the answer, 1 s and 1.5 s for the driver's second try.
// A call that gets no connection from the pool is not tried again. Where the database hangs, the heartbeat notices it
// within 2.5 s and ends that wait; where it works, callers in a crowd need the time.
export const requestTimeouts = {
  socketTimeoutMS: 2000,
  connectTimeoutMS: 1000,
  serverSelectionTimeoutMS: 1500,
  heartbeatFrequencyMS: 1500,
  waitQueueTimeoutMS: 3000,
};

// Bringing a database up to date takes longer than a request may. A server that hangs is noticed by the heartbeat.
export const patientTimeouts = { ...requestTimeouts, socketTimeoutMS: 0 };

/** @throws {NotReadyError} where the server answers, but can't be used: it is no member of a replica set, or not the right one */
export async function openConnection(
  uri: string,
  timeouts: typeof requestTimeouts,
  watch?: DatabaseWatch,
): Promise<Connection> {
  // An instance for this connection alone: its settings are not shared with another service in the same process.
  const mongoose = new Mongoose({ sanitizeFilter: true, strictQuery: true });
  const connection = mongoose.createConnection(uri, {
    ...timeouts,
    // The URI can't say otherwise (mongo-uri.ts), and a replica set's default may be weaker.
    w: 'majority',
    readPreference: 'primary',
    autoCreate: false,
    autoIndex: false,
    bufferCommands: false,
    monitorCommands: watch !== undefined,
    // The driver loads `os` by a dynamic import, which a CommonJS sandbox such as jest's refuses.
    runtimeAdapters: { os },
  });
  // Each failed call reports for itself; without a listener the same failure would end the process.
  connection.on('error', () => undefined);
  if (watch) watchDatabase(connection.getClient(), watch);
  try {
    await connectToReplicaSet(connection);
    return connection;
  } catch (error) {
    await connection.close(true);
    throw error;
  }
}

async function connectToReplicaSet(connection: Connection): Promise<void> {
  // The driver does not connect to a mongod that does not fit `replicaSet`, but its heartbeat has had the answer.
  let hello: mongo.Document | undefined;
  const client = connection.getClient();
  client.on('serverHeartbeatSucceeded', ({ reply }) => {
    hello = reply;
  });
  const faultOfServer = (): string | undefined => hello && faultOf(hello, client.options);
  try {
    await connection.asPromise();
    hello = await connection.db?.command({ hello: 1 });
  } catch (error) {
    if (faultOfServer() === undefined) throw error;
  }
  const fault = faultOfServer();
  if (fault !== undefined) throw new NotReadyError(fault);
}

/** Why a server that answers can't be used. */
function faultOf(
  { setName, msg, isWritablePrimary }: mongo.Document,
  { replicaSet, directConnection }: mongo.MongoOptions,
): string | undefined {
  if (setName === undefined && msg !== 'isdbgrid')
    return "MongoDb is not a replica set, and so has no transactions: restart mongod with `--replSet rs0`, then run `mongosh --eval 'rs.initiate()'` once";
  if (replicaSet && setName !== replicaSet)
    return 'MONGO_URI names another replica set in its option replicaSet than the one that the server belongs to';
  if (directConnection && isWritablePrimary !== true)
    return 'MONGO_URI has directConnection=true and leads to a member that is not the primary: name all members, without that option';
  return undefined;
}
