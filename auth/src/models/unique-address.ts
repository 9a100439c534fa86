import type { Logger } from 'pino';
import { DatabaseConnectionError } from '../errors/database-connection-error';
import { hasCode, type Transaction } from './database';
import { isSame, type PresentIndex } from './schema/indexes';
import type { UserModel } from './user';

/**
 * Follows whether MongoDB keeps e-mail addresses unique: somebody may drop the index, the collection or the database
 * while the service runs. It does not make them anew, because that would be in the way of a backup that is restored.
 * @returns whether it did when last looked at
 */
export function followUniqueAddress(users: UserModel, logger: Logger, everyMs = 5000): () => boolean {
  let isUnique = true;
  const look = async (): Promise<void> => {
    const found = await isAddressUnique(users);
    if (found === isUnique) return;
    isUnique = found;
    if (found) logger.info('users: the unique index of the addresses is there again');
    else
      logger.error(
        'users: the unique index of the addresses is gone: not ready until `node dist/cli.js migrate`, or a start of the service, has made it again',
      );
  };
  setInterval(() => {
    // A database that does not answer says nothing about its indexes.
    look().catch(() => undefined);
  }, everyMs).unref();
  return () => isUnique;
}

/**
 * Looks in a transaction that has written an address, so that none is committed where nothing keeps addresses unique. A
 * write to a collection that somebody has dropped makes it anew, without an index.
 */
export class UniqueAddress {
  /** Found once: an index can't be dropped under a transaction that has used it. */
  #index: string | undefined;

  constructor(private readonly users: UserModel) {}

  /** @throws {DatabaseConnectionError} where the index is gone */
  async require(tx: Transaction): Promise<void> {
    this.#index ??= await indexOf(this.users);
    if (this.#index === undefined) throw gone();
    try {
      // MongoDB refuses a hint of an index that is not there.
      await this.users.exists({ email: '' }).hint(this.#index).session(tx);
    } catch (error) {
      if (!hasCode(error, 2 /* BadValue */)) throw error;
      this.#index = undefined;
      throw gone();
    }
  }
}

const gone = (): DatabaseConnectionError =>
  new DatabaseConnectionError(
    new Error(
      'the unique index of the addresses is gone: `node dist/cli.js migrate`, or a start of the service, makes it again',
    ),
  );

const isAddressUnique = async (users: UserModel): Promise<boolean> => (await indexOf(users)) !== undefined;

/** The name of the unique index of the addresses, if there is one. */
async function indexOf(users: UserModel): Promise<string | undefined> {
  try {
    const indexes: PresentIndex[] = await users.collection.indexes();
    return indexes.find((index) => isSame({ key: { email: 1 }, unique: true }, index))?.name;
  } catch (error) {
    if (hasCode(error, 26 /* NamespaceNotFound */)) return undefined;
    throw error;
  }
}
