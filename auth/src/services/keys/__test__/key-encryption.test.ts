import { randomBytes } from 'node:crypto';
import { KeyEncryption, KeyEncryptionError } from '../key-encryption';
import { kidOf, makeSigningKey } from '../signing-key';

const [old, newest] = [randomBytes(32), randomBytes(32)];
const privateKey = makeSigningKey();
const kid = kidOf(privateKey);
const derOf = (key = privateKey): Buffer => key.export({ type: 'pkcs8', format: 'der' });

describe('an encrypted signing key', () => {
  it('is decrypted by each key-encryption key that is set, and encrypted with the first', () => {
    const sealed = new KeyEncryption([old]).seal(kid, privateKey);
    const both = new KeyEncryption([newest, old]);
    expect(derOf(both.open(kid, sealed))).toEqual(derOf());
    expect(both.seal(kid, privateKey).by).toBe(both.newest);
    expect(both.seal(kid, privateKey).by).not.toBe(sealed.by);
    expect(derOf(new KeyEncryption([newest]).open(kid, both.seal(kid, privateKey)))).toEqual(derOf());
  });

  it('is another text each time, without the private key in it', () => {
    const encryption = new KeyEncryption([newest]);
    const texts = Array.from({ length: 100 }, () => encryption.seal(kid, privateKey).text);
    expect(new Set(texts.map((text) => text.slice(0, 16))).size).toBe(100);
    const { d = '' } = privateKey.export({ format: 'jwk' });
    for (const text of texts)
      expect(Buffer.from(text, 'base64url').includes(Buffer.from(d, 'base64url'))).toBe(false);
  });

  it('is refused with another key-encryption key, by the name of the setting and the ids', () => {
    const sealed = new KeyEncryption([old]).seal(kid, privateKey);
    const { newest: id } = new KeyEncryption([newest]);
    expect(() => new KeyEncryption([newest]).open(kid, sealed)).toThrow(
      RegExp(`^KEY_ENCRYPTION_KEY must contain .* its id is ${sealed.by}, .* ${id}\\. If it is lost`),
    );
  });

  it('is refused under another id, cut off, or with any byte changed', () => {
    const encryption = new KeyEncryption([newest]);
    const { by, text } = encryption.seal(kid, privateKey);
    const other = makeSigningKey();
    expect(() => encryption.open(kidOf(other), { by, text })).toThrow(KeyEncryptionError);
    // A key that was encrypted under the id of another one.
    expect(() => encryption.open(kid, encryption.seal(kid, other))).toThrow(KeyEncryptionError);
    const bytes = Buffer.from(text, 'base64url');
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(() => encryption.open(kid, { by, text: changed.toString('base64url') })).toThrow(
        KeyEncryptionError,
      );
      expect(() => encryption.open(kid, { by, text: bytes.subarray(0, at).toString('base64url') })).toThrow(
        KeyEncryptionError,
      );
    }
  });
});
