import { DatabaseConnectionError } from '../../../errors/database-connection-error';
import { createLogger } from '../../../logger';
import { testKeys } from '../../../test/keys';
import { until } from '../../../test/process';
import { useService } from '../../../test/service';
import { KeyRotation } from '../key-rotation';
import { later } from '../key-times';
import { createKeys } from '../keys';

const service = useService({ mailing: 'off' });
// It reads six times in a grace.
const times = { rotationSeconds: 60, graceSeconds: 1, keptSeconds: 3600 };

beforeAll(() => service.keyRotation.stop());
beforeEach(async () => {
  await service.keyring.deleteMany();
});

/** What a process does by itself, and what it logs. */
async function running() {
  const logs: { level: string; event?: string; kid?: string }[] = [];
  const logger = createLogger('info', {
    write: (line: string) => logs.push(JSON.parse(line) as (typeof logs)[number]),
  });
  const keys = createKeys({ encryptionKeys: testKeys.encryptionKeys, times, model: service.keyring });
  await keys.ring.open();
  const rotation = new KeyRotation({ ...keys, audit: service.auditTrail, logger });
  return { ...keys, rotation, logs };
}
const stored = async () => (await service.keyring.findById('keyring').lean().orFail()).keys;

/** As if so many seconds had passed. */
async function age(seconds: number): Promise<void> {
  const keys = (await stored()).map((key) => ({ ...key, signsFrom: later(key.signsFrom, -seconds * 1000) }));
  await service.keyring.updateOne({}, { keys });
}

describe('the rotation', () => {
  it('publishes the next key in time, on record, and removes what is over', async () => {
    const { rotation, ring, logs } = await running();
    rotation.start();
    try {
      await age(59);
      await until(async () => (await stored()).length === 2);
      const [first, next] = await stored();
      await until(async () => (await ring.signer()).kid === next?.kid);
      await until(() => Promise.resolve(logs.some(({ event }) => event === 'keys_rotated')));
      expect(logs).toMatchObject([{ level: 'info', event: 'keys_rotated', kid: next?.kid }]);
      await service.auditTrail.flush();
      const told = await service.audit.findOne({ action: 'keys-rotated' }).lean();
      expect(told).toMatchObject({ outcome: 'success' });
      expect(told?.actor).toBeUndefined();
      // A grace later nothing needs the private part.
      await until(async () => (await stored())[0]?.sealed === undefined);
      expect(ring.publicKey(first?.kid ?? '')).toBeDefined();
      await age(3600);
      await until(async () => !(await stored()).some(({ kid }) => kid === first?.kid));
      await until(() => Promise.resolve(ring.publicKey(first?.kid ?? '') === undefined));
    } finally {
      await rotation.stop();
    }
  });

  it('says once that the keys can not be read, and goes on when they can', async () => {
    const { rotation, store, ring, logs } = await running();
    const read = jest.spyOn(store, 'read');
    read.mockRejectedValue(new DatabaseConnectionError(new Error('away')));
    rotation.start();
    try {
      await until(() => Promise.resolve(read.mock.calls.length > 3));
      expect(logs).toMatchObject([{ level: 'warn' }]);
      read.mockRestore();
      const kid = await service.keys.store.replaceAll();
      await until(() => Promise.resolve(ring.publicKey(kid) !== undefined));
    } finally {
      await rotation.stop();
    }
  });

  it('says that a key can not be decrypted, long before it is to sign', async () => {
    const { rotation, logs } = await running();
    await service.keyring.updateOne({}, { 'keys.0.sealed.by': 'a'.repeat(16), 'keys.0.kid': 'k'.repeat(43) });
    rotation.start();
    try {
      await until(() => Promise.resolve(logs.length > 0));
      expect(logs).toMatchObject([{ level: 'error', err: { type: 'KeyEncryptionError' } }]);
    } finally {
      await rotation.stop();
    }
  });
});
