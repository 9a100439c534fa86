import type { KeyObject } from 'node:crypto';
import type { KeyringModel, KeyringReading, StoredKey } from '../../models/keyring';
import type { KeyEncryption } from './key-encryption';
import { isNextDue, later, maxKeys, nextSigns, signerAt, tidied, type KeyTimes } from './key-times';
import { kidOf, makeSigningKey, pointOf } from './signing-key';

export interface KeyStoreOptions {
  model: KeyringModel;
  encryption: KeyEncryption;
  times: KeyTimes;
}

// Of several processes that change the keyring at once, one succeeds each time.
const maxTries = 20;
const maxSlackMs = 10_000;

/** The keyring in the database, and every change of it. */
export class KeyStore {
  constructor(private readonly options: KeyStoreOptions) {}

  /** @throws {DatabaseConnectionError} */
  read(): Promise<KeyringReading | undefined> {
    return this.options.model.read();
  }

  /** Makes the keyring if there is none: with that key, or a new one. */
  async begin(imported?: KeyObject): Promise<void> {
    const key = this.#sealed(imported ?? makeSigningKey());
    await this.options.model.begin({ ...key, ...(imported && { imported: true }) });
  }

  /** Whether it is time for `maintain`. */
  isToMaintain({ keyring: { keys }, now }: KeyringReading): boolean {
    const { times } = this.options;
    return isNextDue(keys, now, times) || tidied(keys, now, times) !== keys;
  }

  /** Publishes the next key if it is time, and removes what is over. Returns the id of a key that it published. */
  async maintain(): Promise<string | undefined> {
    const { times } = this.options;
    let next: StoredKey | undefined;
    const changed = await this.#change(({ keyring, now }) => {
      const keys = tidied(keyring.keys, now, times);
      next = isNextDue(keys, now, times) ? this.#next(keys, now) : undefined;
      if (next) return [...keys, next];
      return keys === keyring.keys ? undefined : keys;
    });
    return changed ? next?.kid : undefined;
  }

  /**
   * Publishes the next key now.
   * @returns the next key, also where there was one already
   * @throws {Error} one sentence, where there are too many keys
   */
  async rotate(): Promise<{ next: StoredKey; isNew: boolean }> {
    let next: StoredKey | undefined;
    let published: StoredKey | undefined;
    await this.#change(({ keyring, now }) => {
      const keys = tidied(keyring.keys, now, this.options.times);
      published = keys.findLast(({ signsFrom }) => signsFrom > now);
      if (published) return undefined;
      if (keys.length >= maxKeys)
        throw new Error(`There are ${maxKeys} keys already: wait until the oldest one is over`);
      next = this.#next(keys, now);
      return [...keys, next];
    });
    if (published) return { next: published, isNew: false };
    if (!next) throw new Error('There are no signing keys: the service makes one when it starts');
    return { next, isNew: true };
  }

  /**
   * Withdraws every key at once, and makes one that signs from now on.
   * @param kid a key that must be among them, if given
   * @returns the id of the new key
   * @throws {Error} one sentence, where there is no such key
   */
  async replaceAll(kid?: string): Promise<string> {
    const { encryption, model } = this.options;
    const privateKey = makeSigningKey();
    const replaced = await this.#change(({ keyring: { keys }, now }) => {
      if (kid !== undefined && !keys.some((each) => each.kid === kid))
        throw new Error(`There is no key ${kid}`);
      const by = signerAt(keys, now)?.sealed?.by;
      // One that is not set is lost.
      const sealed = this.#sealed(privateKey, by !== undefined && encryption.has(by) ? by : undefined);
      return [{ ...sealed, createdAt: now, signsFrom: now }];
    });
    if (!replaced && kid !== undefined) throw new Error(`There is no key ${kid}`);
    if (!replaced) await model.begin(this.#sealed(privateKey));
    return kidOf(privateKey);
  }

  /**
   * Encrypts the private keys with the newest key-encryption key.
   * @returns how many were encrypted with another one
   * @throws {KeyEncryptionError}
   */
  async reencrypt(): Promise<number> {
    const { encryption } = this.options;
    let count = 0;
    await this.#change(({ keyring: { keys } }) => {
      const isOld = ({ sealed }: StoredKey): boolean =>
        sealed !== undefined && sealed.by !== encryption.newest;
      count = keys.filter(isOld).length;
      if (count === 0) return undefined;
      return keys.map((key) =>
        key.sealed && isOld(key)
          ? { ...key, sealed: encryption.seal(key.kid, encryption.open(key.kid, key.sealed)) }
          : key,
      );
    });
    return count;
  }

  /** @returns whether there was something to change */
  async #change(work: (reading: KeyringReading) => StoredKey[] | undefined): Promise<boolean> {
    const { model, times } = this.options;
    // What is published later than this is not published for long enough before it signs.
    const slackMs = Math.min(maxSlackMs, (times.graceSeconds * 1000) / 6);
    for (let tries = 0; tries < maxTries; tries += 1) {
      const reading = await model.read();
      const keys = reading && work(reading);
      if (!keys) return false;
      const { version } = reading.keyring;
      if (await model.change({ version, keys, before: later(reading.now, slackMs) })) return true;
    }
    throw new Error(
      'The keyring could not be changed: others change it at the same time, or the database is slow',
    );
  }

  /** The next key. It is encrypted as the present one is, because other processes may not have a newer key yet. */
  #next(keys: readonly StoredKey[], now: Date): StoredKey {
    const { times } = this.options;
    const last = keys.at(-1);
    const by = signerAt(keys, now)?.sealed?.by;
    const key = this.#sealed(makeSigningKey(), by);
    return { ...key, createdAt: now, signsFrom: last ? nextSigns(last, now, times) : now };
  }

  #sealed(privateKey: KeyObject, by?: string) {
    const kid = kidOf(privateKey);
    return { kid, ...pointOf(privateKey), sealed: this.options.encryption.seal(kid, privateKey, by) };
  }
}
