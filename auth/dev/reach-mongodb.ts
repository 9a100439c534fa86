import os from 'node:os';
import { mongo } from 'mongoose';

const limitMs = 3000;

/** Why a MongoDB can't be reached, in one line; undefined if it can. */
export async function whyUnreachable(uri: string): Promise<string | undefined> {
  let client: mongo.MongoClient | undefined;
  try {
    client = new mongo.MongoClient(uri, { serverSelectionTimeoutMS: limitMs, runtimeAdapters: { os } });
    await client.db().command({ ping: 1 });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message.split('\n', 1)[0] : 'unknown';
  } finally {
    await client?.close();
  }
}
