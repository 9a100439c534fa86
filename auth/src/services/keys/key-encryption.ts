import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPrivateKey,
  randomBytes,
  type KeyObject,
} from 'node:crypto';
import type { SealedKey } from '../../models/keyring';
import { kidOf } from './signing-key';

/** Length of a key-encryption key in bytes. */
export const keyEncryptionKeyBytes = 32;

const algorithm = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;

/** A private key was encrypted with another key-encryption key than those that are set, or what is stored was changed. */
export class KeyEncryptionError extends Error {
  override readonly name = 'KeyEncryptionError';
}

/**
 * Encrypts private keys with AES-256-GCM (NIST SP 800-38D): a new nonce each time, and the key's id as associated data,
 * so that what is stored for one key can't take the place of another's.
 */
export class KeyEncryption {
  readonly #keys: ReadonlyMap<string, Buffer>;
  /** The id of the first key. */
  readonly newest: string;

  /** @param keys 32 bytes each, the newest first. All of them decrypt */
  constructor(keys: readonly Buffer[]) {
    this.#keys = new Map(keys.map((key) => [idOf(key), key]));
    this.newest = [...this.#keys.keys()][0] ?? '';
  }

  /** Whether the key-encryption key with that id is set. */
  has(id: string): boolean {
    return this.#keys.has(id);
  }

  /** The ids of the keys, the newest first. */
  get ids(): string[] {
    return [...this.#keys.keys()];
  }

  /**
   * @param by the id of the key-encryption key to use
   * @throws {KeyEncryptionError} where it is not set
   */
  seal(kid: string, privateKey: KeyObject, by = this.newest): SealedKey {
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv(algorithm, this.#key(by), nonce).setAAD(Buffer.from(kid));
    const plain = privateKey.export({ type: 'pkcs8', format: 'der' });
    const text = Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    return { by, text: text.toString('base64url') };
  }

  /** @throws {KeyEncryptionError} */
  open(kid: string, { by, text }: SealedKey): KeyObject {
    const key = this.#key(by);
    try {
      const bytes = Buffer.from(text, 'base64url');
      const decipher = createDecipheriv(algorithm, key, bytes.subarray(0, nonceBytes), {
        authTagLength: tagBytes,
      })
        .setAAD(Buffer.from(kid))
        .setAuthTag(bytes.subarray(-tagBytes));
      const plain = [decipher.update(bytes.subarray(nonceBytes, -tagBytes)), decipher.final()];
      const privateKey = createPrivateKey({ key: Buffer.concat(plain), type: 'pkcs8', format: 'der' });
      if (kidOf(privateKey) === kid) return privateKey;
    } catch {
      // Whatever is wrong with it, the message is the same, and tells nothing of what was decrypted.
    }
    throw new KeyEncryptionError(`the stored signing key ${kid} is damaged: it can't be decrypted`);
  }

  #key(by: string): Buffer {
    const key = this.#keys.get(by);
    if (key) return key;
    throw new KeyEncryptionError(
      `KEY_ENCRYPTION_KEY must contain the key with which the stored signing keys were encrypted: its id is ${by}, and that of what is set ${this.ids.join(', ')}. If it is lost, make new signing keys with the command revoke-key, which signs everybody out`,
    );
  }
}

/** Of a key-encryption key, from which it can't be guessed: the key is random. */
const idOf = (key: Buffer): string =>
  createHash('sha256').update('ticketing key-encryption key').update(key).digest('base64url').slice(0, 16);
