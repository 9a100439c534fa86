import type { KeyObject } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { DatabaseConnectionError } from '../../errors/database-connection-error';
import type { KeyringReading, StoredKey } from '../../models/keyring';
import type { Metrics } from '../metrics/metrics';
import { KeyEncryptionError, type KeyEncryption } from './key-encryption';
import type { KeyStore } from './key-store';
import { dueAt, later, signerAt, tidied, type KeyTimes } from './key-times';
import { jwkOf, publicKeyOf, type Jwk } from './signing-key';

export interface KeyRingOptions {
  store: KeyStore;
  encryption: KeyEncryption;
  times: KeyTimes;
  metrics?: Metrics | undefined;
  /** Milliseconds, never set back, and going on while the process is stopped. */
  clock?: () => number;
}

export interface Signer {
  kid: string;
  key: KeyObject;
}

/** The keyring as it was read last. */
interface Known extends KeyringReading {
  /** When the reading was begun, by this process's clock. */
  begunAt: number;
}

// However many callers name keys that are not known here, the database is asked so often at most.
const seekEveryMs = 250;
const maxAgeSeconds = 225;
const maxMissing = 1000;
// A process that is stopped again and again between two lines.
const maxTries = 5;

/**
 * The keys, in memory. What signs is decided by the database's clock: by what it said at the last reading, and the time
 * since then by a clock that is never set back. Who reads it again and again is `KeyRotation` (decision 22).
 */
export class KeyRing {
  #known: Known | undefined;
  #publicKeys: ReadonlyMap<string, KeyObject> = new Map();
  #privateKeys: ReadonlyMap<string, KeyObject> = new Map();
  #fault: KeyEncryptionError | undefined;
  #seeking: Promise<unknown> | undefined;
  /**
   * Ids that were sought in vain. Nobody can name a key before it exists, so there will be none of them. Many browsers keep
   * a cookie of a key that was withdrawn.
   */
  readonly #missing = new Set<string>();
  /** When the last reading was begun, also one that failed. */
  #begunAt = -Infinity;
  readonly #clock: () => number;

  constructor(private readonly options: KeyRingOptions) {
    const { metrics, times } = options;
    this.#clock = options.clock ?? (() => performance.now());
    const ofSigner = (read: (signer: StoredKey, now: Date) => number) => () => {
      const signer = this.#known && signerAt(this.#known.keyring.keys, this.#now());
      return signer && Math.max(0, read(signer, this.#now())) / 1000;
    };
    metrics?.gauge(
      'auth_keyring_age_seconds',
      'Time since the keyring was last read',
      () => this.#ageMs / 1000,
    );
    metrics?.gauge(
      'auth_signing_key_age_seconds',
      'How long the present key has signed',
      ofSigner(({ signsFrom }, now) => now.getTime() - signsFrom.getTime()),
    );
    metrics?.gauge(
      'auth_key_rotation_overdue_seconds',
      'How long the present key has signed beyond its time',
      ofSigner((signer, now) => now.getTime() - dueAt(signer, times).getTime()),
    );
  }

  /**
   * For so long a copy of the public keys may be used: a key is published for longer before it signs, and one that was
   * withdrawn is believed for no longer.
   */
  get maxAgeSeconds(): number {
    return Math.min(maxAgeSeconds, Math.floor(this.options.times.graceSeconds / 4));
  }

  /**
   * Reads the keyring at the start of the process, and makes it if there is none.
   * @param imported becomes the first key then
   * @throws {KeyEncryptionError} where a key that is to sign can't be decrypted
   * @throws {DatabaseConnectionError}
   */
  async open(imported?: KeyObject): Promise<void> {
    if (!(await this.#tryToRead())) {
      await this.options.store.begin(imported);
      await this.read();
    }
    if (this.#fault) throw this.#fault;
  }

  /**
   * Reads the keyring.
   * @throws {DatabaseConnectionError}
   */
  async read(): Promise<KeyringReading> {
    const reading = await this.#tryToRead();
    if (!reading) throw new DatabaseConnectionError(new Error('There is no keyring in the database'));
    return reading;
  }

  /** The public key with that id, if what it signed is valid. */
  publicKey(kid: string): KeyObject | undefined {
    return this.#publicKeys.get(kid);
  }

  /**
   * Reads the keyring because somebody has named a key that is not known here. Callers wait for the same reading, and for
   * their turn: nobody can make the service read more than four times a second.
   * @throws {DatabaseConnectionError}
   */
  async seek(kids: readonly string[]): Promise<void> {
    const sought = kids.filter((kid) => !this.#missing.has(kid));
    if (sought.length === 0) return;
    this.#seeking ??= this.#seek();
    await this.#seeking;
    if (this.#missing.size > maxMissing) this.#missing.clear();
    for (const kid of sought) if (!this.#publicKeys.has(kid)) this.#missing.add(kid);
  }

  /**
   * The key that signs now. Reads the keyring first if the last reading was so long ago that another key may sign by now.
   * @throws {DatabaseConnectionError}
   * @throws {KeyEncryptionError} where it could not be decrypted
   */
  async signer(): Promise<Signer> {
    await this.#requireRecent();
    const kid = this.#signerNow();
    const key = this.#privateKeys.get(kid ?? '');
    if (kid !== undefined && key) return { kid, key };
    throw this.#fault ?? new KeyEncryptionError('no signing key can be decrypted');
  }

  /** Whether that key signs, without a doubt. */
  isSigner(kid: string): boolean {
    return this.#isRecent && this.#signerNow() === kid;
  }

  /**
   * The public keys of all that may sign or have signed: those that may be met.
   * @throws {DatabaseConnectionError}
   */
  async published(): Promise<Jwk[]> {
    await this.#requireRecent();
    return this.#keys().map(jwkOf);
  }

  async #tryToRead(): Promise<KeyringReading | undefined> {
    const begunAt = (this.#begunAt = this.#clock());
    const reading = await this.options.store.read();
    // A reading that was begun later may have come first.
    if (reading && begunAt > (this.#known?.begunAt ?? -Infinity)) this.#learn({ ...reading, begunAt });
    return reading;
  }

  async #requireRecent(): Promise<void> {
    for (let tries = 0; !this.#isRecent; tries += 1) {
      if (tries === maxTries) throw new DatabaseConnectionError(new Error('The keyring is read too slowly'));
      await this.read();
    }
  }

  async #seek(): Promise<void> {
    const since = this.#clock() - this.#begunAt;
    await delay(Math.max(0, seekEveryMs - since));
    // Whoever comes from now on may name a key that this reading does not see.
    this.#seeking = undefined;
    await this.read();
  }

  #learn(known: Known): void {
    this.#known = known;
    const keys = this.#keys();
    this.#publicKeys = new Map(
      keys.map((key) => [key.kid, this.#publicKeys.get(key.kid) ?? publicKeyOf(key)]),
    );
    this.#fault = undefined;
    // Those that sign no more are not needed, and it does not matter if nobody can decrypt them.
    const signsFrom = signerAt(keys, known.now)?.signsFrom ?? known.now;
    const toSign = keys.filter((key) => key.sealed && key.signsFrom >= signsFrom);
    this.#privateKeys = new Map(
      toSign.flatMap((key) => {
        const privateKey = this.#privateKeys.get(key.kid) ?? this.#opened(key);
        return privateKey ? [[key.kid, privateKey]] : [];
      }),
    );
  }

  #opened({ kid, sealed }: StoredKey): KeyObject | undefined {
    try {
      return sealed && this.options.encryption.open(kid, sealed);
    } catch (error) {
      if (!(error instanceof KeyEncryptionError)) throw error;
      this.#fault = error;
      return undefined;
    }
  }

  /** What could not be decrypted of what is to sign. */
  get fault(): KeyEncryptionError | undefined {
    return this.#fault;
  }

  #keys(): StoredKey[] {
    if (!this.#known) return [];
    const { keyring, now } = this.#known;
    return tidied(keyring.keys, now, this.options.times);
  }

  #signerNow(): string | undefined {
    return this.#known && signerAt(this.#known.keyring.keys, this.#now())?.kid;
  }

  /** The database's time, or a moment later. */
  #now(): Date {
    return later(this.#known?.now ?? new Date(0), this.#ageMs);
  }

  get #ageMs(): number {
    return this.#known ? this.#clock() - this.#known.begunAt : Infinity;
  }

  get #isRecent(): boolean {
    return this.#ageMs < (this.options.times.graceSeconds * 1000) / 2;
  }
}
