import { randomBytes } from 'node:crypto';
import { testKeys } from '../../../test/keys';
import { useService } from '../../../test/service';
import { later, maxKeys } from '../key-times';
import { createKeys, type Keys } from '../keys';
import { kidOf, makeSigningKey } from '../signing-key';

const service = useService({ mailing: 'off' });
const { times } = testKeys;

// What the service does by itself would come between.
beforeAll(() => service.keyRotation.stop());
beforeEach(async () => {
  await service.keyring.deleteMany();
});

/** The keys of another process on the same database. */
const another = (encryptionKeys = testKeys.encryptionKeys): Keys =>
  createKeys({ encryptionKeys, times, model: service.keyring });
const stored = async () => service.keyring.findById('keyring').lean().orFail();

describe('the keyring in the database', () => {
  it('has one key, whichever of several processes on an empty database makes it: 50 times', async () => {
    for (let n = 0; n < 50; n += 1) {
      await service.keyring.deleteMany();
      const all = Array.from({ length: 3 }, () => another());
      await Promise.all(all.map(({ ring }) => ring.open()));
      const { keys } = await stored();
      expect(keys).toHaveLength(1);
      for (const { ring } of all) expect((await ring.signer()).kid).toBe(keys[0]?.kid);
    }
  });

  it('begins with JWT_PRIVATE_KEY where it is set and no key is stored, and not where one is', async () => {
    const imported = makeSigningKey();
    await another().ring.open(imported);
    expect((await stored()).keys).toMatchObject([{ kid: kidOf(imported), imported: true }]);
    await another().ring.open(makeSigningKey());
    expect((await stored()).keys).toHaveLength(1);
  });

  it('contains no private key in the clear, and no key-encryption key, and so no dump does', async () => {
    const imported = makeSigningKey();
    await another().ring.open(imported);
    await another().store.rotate();
    const { d = '' } = imported.export({ format: 'jwk' });
    const secrets = [Buffer.from(d, 'base64url'), ...testKeys.encryptionKeys];
    const forms = secrets.flatMap((secret) => [
      secret,
      ...(['base64', 'base64url', 'hex'] as const).map((form) => Buffer.from(secret.toString(form))),
    ]);
    for (const collection of (await service.connection.db?.collections()) ?? []) {
      const documents = await collection.find({}, { raw: true }).toArray();
      for (const document of documents as unknown as Buffer[])
        for (const form of forms) expect(Buffer.from(document).includes(form)).toBe(false);
    }
    const [key] = (await stored()).keys;
    expect(Object.keys(key ?? {}).sort()).toEqual([
      'createdAt',
      'imported',
      'kid',
      'sealed',
      'signsFrom',
      'x',
      'y',
    ]);
    expect(Buffer.from(key?.sealed?.text ?? '', 'base64url').includes(Buffer.from(d, 'base64url'))).toBe(
      false,
    );
  });

  it('gets one next key, however many processes find that it is time', async () => {
    await another().ring.open();
    const { keys } = await stored();
    const long = later(new Date(), -times.rotationSeconds * 1000);
    await service.keyring.updateOne({}, { keys: keys.map((key) => ({ ...key, signsFrom: long })) });
    const made = await Promise.all(Array.from({ length: 10 }, () => another().store.maintain()));
    expect(made.filter((kid) => kid !== undefined)).toHaveLength(1);
    expect((await stored()).keys).toHaveLength(2);
  });

  it('gets one next key, however many operators ask for it', async () => {
    await another().ring.open();
    const made = await Promise.all(Array.from({ length: 5 }, () => another().store.rotate()));
    expect(new Set(made.map(({ next }) => next.kid)).size).toBe(1);
    expect(made.filter(({ isNew }) => isNew)).toHaveLength(1);
  });

  it('is changed only as it was read, and only while its dates are right', async () => {
    const { store, ring } = another();
    await ring.open();
    const { keyring, now } = (await store.read()) ?? {};
    if (!keyring || !now) throw new Error('no keyring');
    const change = { version: keyring.version, keys: keyring.keys };
    expect(await service.keyring.change({ ...change, before: now })).toBe(false);
    expect(await service.keyring.change({ ...change, before: later(now, 60_000) })).toBe(true);
    expect(await service.keyring.change({ ...change, before: later(now, 60_000) })).toBe(false);
    expect((await stored()).version).toBe(keyring.version + 1);
  });

  it('S60 has fifty keys at most', async () => {
    const { store, ring } = another();
    await ring.open();
    const [key] = (await stored()).keys;
    const names = Array.from(
      { length: maxKeys },
      (_, n) => randomBytes(32).toString('base64url') + String(n % 10),
    );
    const keys = names.map((name, n) => ({
      ...key,
      kid: name.slice(0, 43),
      signsFrom: later(new Date(), n - 1000),
    }));
    await service.keyring.updateOne({}, { keys });
    await expect(store.rotate()).rejects.toThrow('There are 50 keys already');
    expect(await store.maintain()).toBeUndefined();
    expect((await stored()).keys).toHaveLength(maxKeys);
  });
});

describe('the key-encryption key', () => {
  const [old, newest] = [randomBytes(32), randomBytes(32)];

  it('stays that of the stored keys until they are encrypted again, because others may not have the new one', async () => {
    await another([old]).ring.open();
    const both = another([newest, old]);
    await both.store.rotate();
    const third = another([old]);
    await third.ring.open();
    await third.ring.read();
    expect(third.ring.fault).toBeUndefined();
    await both.store.replaceAll();
    await third.ring.open();
    await both.store.rotate();
    expect(await both.store.reencrypt()).toBe(2);
    expect(await both.store.reencrypt()).toBe(0);
    // What it has decrypted before stays good.
    await third.ring.read();
    expect(third.ring.isSigner((await third.ring.signer()).kid)).toBe(true);
    await another([newest]).ring.open();
    await expect(another([old]).ring.open()).rejects.toThrow(/^KEY_ENCRYPTION_KEY must contain/);
  });

  it('that is lost never leads to a new identity by itself, but to one by replacing every key', async () => {
    await another([old]).ring.open();
    const before = await stored();
    const { ring, store } = another([newest]);
    await expect(ring.open(makeSigningKey())).rejects.toThrow(/^KEY_ENCRYPTION_KEY must contain/);
    await expect(store.rotate()).rejects.toThrow(/^KEY_ENCRYPTION_KEY must contain/);
    expect(await stored()).toEqual(before);
    await store.replaceAll(before.keys[0]?.kid);
    await ring.open();
  });
});
