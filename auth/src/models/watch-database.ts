import type { mongo } from 'mongoose';

/** The commands that the service sends. All others, such as `hello`, are `other`. */
export const watchedCommands = [
  'find',
  'aggregate',
  'insert',
  'update',
  'findAndModify',
  'delete',
  'getMore',
  'commitTransaction',
  'abortTransaction',
  'other',
] as const;
export type WatchedCommand = (typeof watchedCommands)[number];

/** Is told what a connection does. */
export interface DatabaseWatch {
  /** By how much the number of used connections changes. */
  inUse: (change: 1 | -1) => void;
  /** By how much the number of operations changes that wait for a connection. */
  waiting: (change: 1 | -1) => void;
  command: (name: WatchedCommand, seconds: number, isFailed: boolean) => void;
}

/** Tells what a client does from its start on, which needs `monitorCommands`. */
export function watchDatabase(client: mongo.MongoClient, watch: DatabaseWatch): void {
  client.on('connectionCheckOutStarted', () => {
    watch.waiting(1);
  });
  client.on('connectionCheckOutFailed', () => {
    watch.waiting(-1);
  });
  client.on('connectionCheckedOut', () => {
    watch.waiting(-1);
    watch.inUse(1);
  });
  client.on('connectionCheckedIn', () => {
    watch.inUse(-1);
  });
  client.on('commandSucceeded', ({ commandName, duration }) => {
    watch.command(watched(commandName), duration / 1000, false);
  });
  client.on('commandFailed', ({ commandName, duration }) => {
    watch.command(watched(commandName), duration / 1000, true);
  });
}

const known: ReadonlyMap<string, WatchedCommand> = new Map(watchedCommands.map((name) => [name, name]));

const watched = (name: string): WatchedCommand => known.get(name) ?? 'other';
