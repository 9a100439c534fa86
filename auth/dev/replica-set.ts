import os from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { mongo } from 'mongoose';

const primaryLimitMs = 30_000;

/**
 * Initiates the replica set. Data kept from an earlier run name the port of that run, and are told the new one.
 * @throws the signal's reason once it has aborted
 */
export async function becomePrimary(host: string, signal: AbortSignal): Promise<void> {
  const client = clientOf(host);
  const admin = client.db('admin');
  const limit = Date.now() + primaryLimitMs;
  try {
    await admin.command({ replSetInitiate: { _id: 'rs0', members: [{ _id: 0, host }] } });
  } catch (error) {
    if (!(error instanceof mongo.MongoServerError) || error.codeName !== 'AlreadyInitialized') throw error;
    const { config } = (await admin.command({ replSetGetConfig: 1 })) as { config: mongo.Document };
    await admin.command({ replSetReconfig: { ...config, members: [{ _id: 0, host }] }, force: true });
  }
  try {
    while (!(await admin.command({ hello: 1 }))['isWritablePrimary']) {
      if (Date.now() > limit) throw new Error('mongod did not become the primary of its replica set');
      await delay(20, undefined, { signal });
    }
  } finally {
    await client.close();
  }
}

/** Asks a mongod to end at once; a signal would make it wait for secondaries first. */
export async function shutDown(host: string): Promise<void> {
  const client = clientOf(host);
  try {
    await client.db('admin').command({ shutdown: 1, force: true, timeoutSecs: 1 });
  } catch {
    // It breaks the connection when it ends. One that hangs is killed later.
  } finally {
    await client.close();
  }
}

const clientOf = (host: string): mongo.MongoClient =>
  new mongo.MongoClient(`mongodb://${host}/?directConnection=true`, {
    // As in src/models/database.ts: the tests run this inside jest.
    runtimeAdapters: { os },
    serverSelectionTimeoutMS: 5000,
  });
