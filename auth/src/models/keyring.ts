import { Schema, trusted, type Connection, type Model } from 'mongoose';
import { DatabaseConnectionError } from '../errors/database-connection-error';
import { isDuplicateKey, isUnavailable, majorityWrite } from './database';

/** A key pair as it is stored: EC, P-256. It signs from its date on, until that of the next one. */
export interface StoredKey {
  /** The JWK thumbprint of the public key (RFC 7638), base64url. */
  kid: string;
  /** The public point, as in a JWK (RFC 7518, section 6.2.1). */
  x: string;
  y: string;
  /** The private key, encrypted. Missing once the key signs no more. */
  sealed?: SealedKey;
  createdAt: Date;
  signsFrom: Date;
  /** Whether it is the JWT_PRIVATE_KEY of a version before the keyring. */
  imported?: boolean;
}

/** A private key in PKCS #8 (DER), encrypted with AES-256-GCM. */
export interface SealedKey {
  /** The id of the key-encryption key. */
  by: string;
  /** Nonce, ciphertext and tag, base64url. */
  text: string;
}

/** The one document of its collection. */
export interface KeyringRecord {
  _id: 'keyring';
  /** Counts the changes. */
  version: number;
  /** In the order in which they sign. */
  keys: StoredKey[];
}

/** The keyring, and when that was by the database's clock. */
export interface KeyringReading {
  keyring: KeyringRecord;
  now: Date;
}

/** A change of a keyring that was read. */
export interface KeyringChange {
  /** Of the keyring that was read. */
  version: number;
  keys: StoredKey[];
  /** The change is not made later than this by the database's clock, because its dates were right before. */
  before: Date;
}

export interface KeyringModel extends Model<KeyringRecord> {
  /**
   * What a majority of the members has; undefined where there is no keyring.
   * @throws {DatabaseConnectionError}
   */
  read(): Promise<KeyringReading | undefined>;
  /** Stores the first key, which signs from now on. Where there is a keyring already, nothing happens. */
  begin(key: Omit<StoredKey, 'createdAt' | 'signsFrom'>): Promise<void>;
  /** Changes the keyring if it is still the one that was read. Returns whether it was. */
  change(change: KeyringChange): Promise<boolean>;
}

const base64url = (length: number) => ({
  type: String,
  required: true,
  match: RegExp(`^[\\w-]{${length}}$`),
});

export function createKeyringModel(connection: Connection): KeyringModel {
  const sealed = new Schema<SealedKey>(
    {
      by: base64url(16),
      text: { type: String, required: true, match: /^[\w-]{100,400}$/ },
    },
    { _id: false },
  );
  const key = new Schema<StoredKey>(
    {
      kid: base64url(43),
      x: base64url(43),
      y: base64url(43),
      sealed: { type: sealed },
      createdAt: { type: Date, required: true },
      signsFrom: { type: Date, required: true },
      imported: { type: Boolean },
    },
    { _id: false },
  );
  const schema = new Schema<KeyringRecord, KeyringModel>(
    {
      _id: { type: String, required: true, enum: ['keyring'] },
      version: { type: Number, required: true, min: 1 },
      keys: { type: [key], required: true },
    },
    { versionKey: false },
  );

  schema.static('read', async function read(this: KeyringModel) {
    const stages = [{ $match: { _id: 'keyring' } }, { $project: { keyring: '$$ROOT', now: '$$NOW' } }];
    const [found] = await served(this.aggregate<KeyringReading>(stages).readConcern('majority').exec());
    return found;
  });

  schema.static(
    'begin',
    async function begin(this: KeyringModel, ...[first]: Parameters<KeyringModel['begin']>) {
      const keys = [{ ...first, createdAt: '$$NOW', signsFrom: '$$NOW' }];
      const whereNone = {
        version: { $ifNull: ['$version', 1] },
        keys: { $ifNull: ['$keys', keys] },
      };
      try {
        await served(
          this.collection.updateOne({ _id: 'keyring' as never }, [{ $set: whereNone }], {
            upsert: true,
            ...majorityWrite,
          }),
        );
      } catch (error) {
        // Another process has begun one at the same moment.
        if (!isDuplicateKey(error)) throw error;
      }
    },
  );

  schema.static(
    'change',
    async function change(
      this: KeyringModel,
      ...[{ version, keys, before }]: Parameters<KeyringModel['change']>
    ) {
      const isRead = { _id: 'keyring' as const, version, $expr: trusted({ $lt: ['$$NOW', before] }) };
      const { modifiedCount } = await served(
        this.updateOne(isRead, { $set: { keys }, $inc: { version: 1 } }, majorityWrite).exec(),
      );
      return modifiedCount === 1;
    },
  );

  return connection.model<KeyringRecord, KeyringModel>('Keyring', schema, 'keyring');
}

/** @throws {DatabaseConnectionError} where no database could serve the call */
async function served<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (isUnavailable(error)) throw new DatabaseConnectionError(error);
    throw error;
  }
}
