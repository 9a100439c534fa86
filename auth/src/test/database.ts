import { randomUUID } from 'node:crypto';
import os from 'node:os';
import { mongo } from 'mongoose';

/** The address of a database that no other test uses. */
export function freshDatabase(): string {
  const uri = process.env['TEST_MONGO_URI'];
  if (uri === undefined) throw new Error('start-mongod did not run');
  return uri.replace('DATABASE', `test-${randomUUID()}`);
}

/** A MongoDB client that bypasses the service. The caller closes it. */
export const connectTo = (uri: string): Promise<mongo.MongoClient> =>
  mongo.MongoClient.connect(uri, { runtimeAdapters: { os }, serverSelectionTimeoutMS: 5000 });
