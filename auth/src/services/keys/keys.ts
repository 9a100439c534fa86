import type { KeyringModel } from '../../models/keyring';
import type { Metrics } from '../metrics/metrics';
import { KeyEncryption } from './key-encryption';
import { KeyRing } from './key-ring';
import { KeyStore } from './key-store';
import type { KeyTimes } from './key-times';

export interface KeysOptions {
  model: KeyringModel;
  /** One or two of 32 bytes each, the newest first. */
  encryptionKeys: readonly Buffer[];
  times: KeyTimes;
  metrics?: Metrics | undefined;
  clock?: () => number;
}

/** The keys that sign and verify JWTs, of one process. */
export interface Keys {
  encryption: KeyEncryption;
  store: KeyStore;
  ring: KeyRing;
  times: KeyTimes;
}

/** The ring has to be opened before it is used. */
export function createKeys({ model, encryptionKeys, times, metrics, clock }: KeysOptions): Keys {
  const encryption = new KeyEncryption(encryptionKeys);
  const store = new KeyStore({ model, encryption, times });
  const ring = new KeyRing({ store, encryption, times, metrics, ...(clock && { clock }) });
  return { encryption, store, ring, times };
}
