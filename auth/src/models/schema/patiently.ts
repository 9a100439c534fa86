import { setTimeout as delay } from 'node:timers/promises';
import type { mongo } from 'mongoose';
import { hasCode } from '../database';
import type { Lease } from './lease';

/** Told in plain sentences what is done; a logger is one. */
export interface Listener {
  info: (line: string) => void;
  warn: (line: string) => void;
}

/** What every change of a collection needs. */
export interface ChangeContext {
  db: mongo.Db;
  lease: Lease;
  listener: Listener;
}

/** How long a command may wait for a collection's lock: every write queues behind it for that time. */
export const lockMs = 300;
const pauseMs = 1000;

/**
 * Runs a command that needs a collection for itself, and so waits for every open transaction. That of a process that was
 * killed stays open for a minute: so the command waits for a short time only, and is tried again.
 */
export async function patiently(
  { db, lease, listener }: ChangeContext,
  collection: string,
  command: mongo.Document,
  limitMs: (tries: number) => number = () => lockMs,
): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    await lease.renew();
    try {
      await db.command({ ...command, maxTimeMS: Math.round(limitMs(tries)) });
      return;
    } catch (error) {
      if (!busyCodes.some((code) => hasCode(error, code))) throw error;
      if (tries === 0) listener.info(`${collection}: waiting for an open transaction or an index build`);
    }
    await delay(pauseMs);
  }
}

// LockTimeout, LockBusy, MaxTimeMSExpired, BackgroundOperationInProgressForNamespace.
const busyCodes = [24, 46, 50, 12587];
