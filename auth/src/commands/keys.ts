import { setTimeout as delay } from 'node:timers/promises';
import { createInterface } from 'node:readline/promises';
import { endEverySession } from '../models/end-every-session';
import type { StoredKey } from '../models/keyring';
import { operator } from '../services/caller';
import type { KeyTimes } from '../services/keys/key-times';
import { later, pollMsOf, stateOf, stopOf } from '../services/keys/key-times';
import { withCollections, type Command, type CommandAbout } from './command';

// For a reading that takes its time.
const reserveMs = 1000;

/** Lists the signing keys: their ids, and never the keys themselves. */
export const listKeys: Command = (_options, config) => {
  const settings = config();
  return withCollections(settings, async ({ keys: { store, encryption } }) => {
    const reading = await store.read();
    if (!reading) return ['There are no signing keys: the service makes one when it starts.'];
    const { keyring, now } = reading;
    return [
      ...keyring.keys.map((key) => lineOf(key, keyring.keys, now, settings.keys.times)),
      `KEY_ENCRYPTION_KEY: ${encryption.ids.join(', ')}`,
    ];
  });
};

/** Publishes the next signing key, which signs a grace later. */
export const rotateKeys: Command = (_options, config) =>
  withCollections(config(), async ({ keys: { store }, audit, logger }) => {
    const { next, isNew } = await store.rotate();
    if (!isNew)
      return [`The next key ${next.kid} is published already. It signs from ${time(next.signsFrom)} on.`];
    await audit.store({ action: 'keys-rotated' }, operator());
    logger.info({ event: 'keys_rotated', kid: next.kid }, 'the next signing key is published');
    return [
      `The next key ${next.kid} is published. It signs from ${time(next.signsFrom)} on. Nobody is signed out.`,
    ];
  });

/** Withdraws a signing key that leaked, and every other, and signs everybody out. */
export const revokeKey: CommandAbout = (kid, config, options) =>
  withCollections(config(), async ({ keys: { store, times }, collections, audit, logger }) => {
    const reading = await store.read();
    if (!reading?.keyring.keys.some((key) => key.kid === kid))
      throw new Error(`There is no key ${kid}: list-keys lists them`);
    if (!options.yes && !(await isConfirmed())) return ['Nothing was changed.'];
    const made = await store.replaceAll(kid);
    await audit.store({ action: 'keys-revoked' }, operator());
    logger.warn({ event: 'keys_revoked', kid, made }, 'every signing key was withdrawn');
    // Until every process has read that, people may still get JWTs of the withdrawn key: their sessions end too.
    await delay(pollMsOf(times) + reserveMs);
    const accounts = await endEverySession(collections.users, new Date());
    return [
      `Withdrew the key ${kid} and every other. The key ${made} signs from now on.`,
      `Ended all sessions of ${accounts} accounts. Everybody has to sign in again.`,
    ];
  });

/** Encrypts the stored signing keys with the first key of KEY_ENCRYPTION_KEY. */
export const reencryptKeys: Command = (_options, config) =>
  withCollections(config(), async ({ keys: { store, encryption }, audit }) => {
    const count = await store.reencrypt();
    if (count > 0) await audit.store({ action: 'keys-reencrypted', count }, operator());
    return [
      `Encrypted ${count} signing keys again. All are encrypted with the key-encryption key ${encryption.newest}; no other is needed.`,
    ];
  });

async function isConfirmed(): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const closed = new Promise<string>((resolve) => {
    terminal.once('close', () => {
      resolve('');
    });
  });
  const asked = terminal.question(
    'This withdraws every signing key and signs EVERYBODY out: all users have to sign in again.\nTo do it, type yes: ',
  );
  const answer = await Promise.race([asked, closed]);
  terminal.close();
  return answer.trim() === 'yes';
}

function lineOf(key: StoredKey, keys: StoredKey[], now: Date, { keptSeconds }: KeyTimes): string {
  const state = stateOf(key, keys, now);
  const stop = stopOf(key, keys);
  return [
    `${key.kid}: ${state}`,
    `signs from ${time(key.signsFrom)}${stop ? ` to ${time(stop)}` : ''}`,
    ...(stop ? [`verifies until ${time(later(stop, keptSeconds * 1000))}`] : []),
    ...(key.imported ? ['imported from JWT_PRIVATE_KEY'] : []),
    ...(key.sealed ? [`encrypted with ${key.sealed.by}`] : ['private key removed']),
  ].join(', ');
}

const time = (date: Date): string => date.toISOString();
