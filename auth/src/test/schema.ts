import os from 'node:os';
import { Mongoose, type Connection, type mongo } from 'mongoose';
import { auditCollection } from '../models/audit-entry';
import { schemaVersion1 } from './schema-version-1';

/** A connection whose commands are listed in the order in which they succeed. */
export async function observed(uri: string): Promise<{ connection: Connection; commands: Command[] }> {
  const connection = new Mongoose().createConnection(uri, {
    monitorCommands: true,
    bufferCommands: false,
    autoCreate: false,
    autoIndex: false,
    runtimeAdapters: { os },
  });
  connection.on('error', () => undefined);
  const commands: Command[] = [];
  await connection.asPromise();
  const note = ({ commandName, duration }: mongo.CommandSucceededEvent | mongo.CommandFailedEvent): void => {
    commands.push({ name: commandName, ms: duration });
  };
  connection.getClient().on('commandSucceeded', note).on('commandFailed', note);
  return { connection, commands };
}

export interface Command {
  name: string;
  ms: number;
}

/** Everything that changes a database; reading is not in it. */
export const isWrite = (name: string): boolean =>
  [
    'insert',
    'update',
    'delete',
    'findAndModify',
    'create',
    'createIndexes',
    'dropIndexes',
    'collMod',
  ].includes(name);

/** Makes a database as version 1 left it. */
export async function makeVersion1(db: mongo.Db): Promise<void> {
  for (const [name, { rules, indexes }] of Object.entries(schemaVersion1)) {
    await db.createCollection(name, { validator: { $jsonSchema: rules }, validationLevel: 'strict' });
    await db.collection(name).createIndexes(indexes.map((index) => ({ ...index, key: { ...index.key } })));
  }
}

/**
 * All that a database holds: collections with their options, indexes and documents, but no lease, and no entries of the
 * audit trail, which tells of each try to adopt accounts.
 */
export async function contentOf(db: mongo.Db): Promise<unknown> {
  const collections = await db.listCollections().toArray();
  const contents = collections.map(async ({ name, ...info }) => ({
    name,
    options: 'options' in info ? info.options : {},
    indexes: (await db.collection(name).indexes()).sort((a, b) => (a.name ?? '').localeCompare(b.name ?? '')),
    documents: await db
      .collection(name)
      .find(name === auditCollection ? { action: { $ne: 'adopted' } } : {}, { projection: { lease: 0 } })
      .sort({ _id: 1 })
      .toArray(),
  }));
  return (await Promise.all(contents)).sort((a, b) => a.name.localeCompare(b.name));
}
