import { randomBytes } from 'node:crypto';

/** A new key-encryption key, as it is written in a setting. */
export const encryptionKey = (): string => randomBytes(32).toString('base64');

/** What encrypts signing keys in tests: the same in each process of a test file. */
const shared = encryptionKey();

/** Settings with which several processes share one keyring. */
export const keySettings = { KEY_ENCRYPTION_KEY: shared };

/** The same within one process, with the times of production. */
export const testKeys = {
  encryptionKeys: [Buffer.from(shared, 'base64')],
  times: { rotationSeconds: 30 * 86_400, graceSeconds: 900, keptSeconds: 7 * 86_400 + 3600 },
};
