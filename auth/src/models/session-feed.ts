import { randomBytes } from 'node:crypto';
import type { Connection, mongo } from 'mongoose';
import type { Logger } from 'pino';
import { onOwnChange, type Changed } from './changes';
import type { Collections } from './collections';

export interface SessionFeedListener {
  changed: (changed: Changed) => void;
  /** A heartbeat of this process has come back by the change stream. */
  heard: (n: number) => void;
  /** Changes may have been missed. */
  lost: () => void;
}

export interface SessionFeedOptions {
  connection: Connection;
  collections: Pick<Collections, 'users' | 'sessions' | 'heartbeats'>;
  logger: Logger;
}

// How long the database waits for a change before it answers that there is none. A change is answered at once.
const waitMs = 500;
const reopenMs = 250;
const batchSize = 1000;

/**
 * Tells of every change of sessions and users: of those that this process writes as soon as they are written, and of all,
 * in their order, by one change stream.
 */
export class SessionFeed {
  /** Of this process's heartbeats. */
  readonly #id = randomBytes(16).toString('base64url');
  #stream: mongo.ChangeStream | undefined;
  #running: Promise<void> | undefined;
  #stopListening: (() => void) | undefined;
  #isStopped = false;
  readonly #names: Record<'users' | 'sessions' | 'heartbeats', string>;

  constructor(private readonly options: SessionFeedOptions) {
    const { users, sessions, heartbeats } = options.collections;
    this.#names = {
      users: users.collection.collectionName,
      sessions: sessions.collection.collectionName,
      heartbeats: heartbeats.collection.collectionName,
    };
  }

  start(listener: SessionFeedListener): void {
    this.#stopListening = onOwnChange(this.options.connection, listener.changed);
    this.#running = this.#run(listener);
  }

  /** Writes a heartbeat. Resolves once a majority of the members has it. */
  beat(n: number): Promise<void> {
    return this.options.collections.heartbeats.beat(this.#id, n);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#stopListening?.();
    await this.#stream?.close();
    await this.#running;
  }

  async #run(listener: SessionFeedListener): Promise<void> {
    let isSaid = false;
    const heard = (n: number): void => {
      isSaid = false;
      listener.heard(n);
    };
    while (!this.#isStopped) {
      try {
        await this.#follow({ ...listener, heard });
      } catch (err) {
        if (!this.#hasStopped() && !isSaid) this.options.logger.warn({ err }, 'the change stream has ended');
        isSaid = true;
      }
      listener.lost();
      if (!this.#hasStopped()) await new Promise((resolve) => setTimeout(resolve, reopenMs).unref());
    }
  }

  // A method, because it changes while others wait.
  #hasStopped(): boolean {
    return this.#isStopped;
  }

  /** @throws where the stream ends */
  async #follow(listener: SessionFeedListener): Promise<void> {
    const { connection } = this.options;
    const stream = connection
      .getClient()
      .db(connection.name)
      .watch(this.#pipeline(), { maxAwaitTimeMS: waitMs, batchSize, readConcern: { level: 'majority' } });
    this.#stream = stream;
    try {
      while (!this.#isStopped) {
        const event = await stream.tryNext();
        if (event) this.#tell(event as FeedEvent, listener);
        else if (stream.closed) return;
      }
    } finally {
      await stream.close();
    }
  }

  #pipeline(): mongo.Document[] {
    const { users, sessions, heartbeats } = this.#names;
    const written = { $in: ['update', 'replace', 'delete'] };
    return [
      {
        $match: {
          $or: [
            // A new session or user is in nobody's memory. The previous version ends sessions by deleting them.
            { 'ns.coll': { $in: [users, sessions] }, operationType: written },
            { 'ns.coll': heartbeats, 'documentKey._id': this.#id },
            { operationType: { $in: ['drop', 'rename', 'dropDatabase', 'invalidate'] } },
          ],
        },
      },
      {
        $project: {
          'ns.coll': 1,
          documentKey: 1,
          'fullDocument.n': 1,
          'updateDescription.updatedFields.n': 1,
        },
      },
    ];
  }

  #tell(
    { ns, documentKey, fullDocument, updateDescription }: FeedEvent,
    listener: SessionFeedListener,
  ): void {
    const { users, sessions } = this.#names;
    if (!documentKey) listener.changed('anything');
    else if (ns?.coll === users) listener.changed({ user: String(documentKey._id) });
    else if (ns?.coll === sessions) listener.changed({ session: String(documentKey._id) });
    else listener.heard(updateDescription?.updatedFields?.n ?? fullDocument?.n ?? 0);
  }
}

interface FeedEvent {
  ns?: { coll?: string };
  /** Missing where not one document has changed. */
  documentKey?: { _id: mongo.ObjectId | string };
  fullDocument?: { n?: number };
  updateDescription?: { updatedFields?: { n?: number } };
}
