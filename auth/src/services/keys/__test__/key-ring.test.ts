import { DatabaseConnectionError } from '../../../errors/database-connection-error';
import { testKeys } from '../../../test/keys';
import { useService } from '../../../test/service';
import { Jwts } from '../../sessions/jwts';
import { later } from '../key-times';
import { createKeys } from '../keys';

const service = useService({ mailing: 'off' });
const { times } = testKeys;
const grace = times.graceSeconds;
const claims = { id: '0'.repeat(24), email: 'a@example.com', role: 'user', sid: 's', gen: 0 };

// What the service does by itself would come between.
beforeAll(() => service.keyRotation.stop());
beforeEach(async () => {
  await service.keyring.deleteMany();
});

/** A process with a clock that the test moves. */
async function replica() {
  let offsetMs = 0;
  const keys = createKeys({ ...testKeys, model: service.keyring, clock: () => performance.now() + offsetMs });
  await keys.ring.open();
  const options = { issuer: 'i', audience: 'a', ttlSeconds: 900, now: () => new Date() };
  const read = jest.spyOn(keys.store, 'read');
  return {
    ...keys,
    read,
    jwts: new Jwts({ ...options, keys: keys.ring }),
    signer: async () => (await keys.ring.signer()).kid,
    advance: (seconds: number) => {
      offsetMs += seconds * 1000;
    },
    /** JWTs with something that happens between the choice of the key and the signature. */
    interrupted: (meanwhile: () => Promise<void>) =>
      new Jwts({
        ...options,
        keys: {
          publicKey: (kid) => keys.ring.publicKey(kid),
          isSigner: (kid) => keys.ring.isSigner(kid),
          seek: (kids) => keys.ring.seek(kids),
          signer: async () => {
            const signer = await keys.ring.signer();
            await meanwhile();
            return signer;
          },
        },
      }),
  };
}

/** Lets the key that was published last sign from then on, as if its grace had passed until then. */
async function activate(inSeconds = 0): Promise<void> {
  const { keys } = await service.keyring.findById('keyring').lean().orFail();
  const last = keys.at(-1);
  if (last) last.signsFrom = later(new Date(), inSeconds * 1000);
  await service.keyring.updateOne({}, { keys });
}
const kidOf = (token: string): unknown =>
  JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).kid;
const verifies = async ({ jwts }: { jwts: Jwts }, token: string): Promise<boolean> => {
  await jwts.learnKeysOf([token]);
  return jwts.verify(token) !== undefined;
};

describe('a process that signs', () => {
  it('changes to the next key at its time without reading again', async () => {
    const one = await replica();
    const { next } = await one.store.rotate();
    await activate(100);
    await one.ring.read();
    one.read.mockClear();
    one.advance(50);
    expect(await one.signer()).not.toBe(next.kid);
    one.advance(60);
    expect(await one.signer()).toBe(next.kid);
    expect(one.read).not.toHaveBeenCalled();
  });

  it('S26 reads first if it has not read for half the grace, and so signs nothing with a key of before', async () => {
    const [one, away] = [await replica(), await replica()];
    const { next } = await one.store.rotate();
    await activate();
    away.advance(grace / 2);
    expect(await away.signer()).toBe(next.kid);
  });

  it('S26 signs again if it was stopped between the choice of the key and the signature', async () => {
    const [one, stopped] = [await replica(), await replica()];
    let kid: string | undefined;
    const jwts = stopped.interrupted(async () => {
      if (kid !== undefined) return;
      kid = (await one.store.rotate()).next.kid;
      await activate();
      stopped.advance(grace);
    });
    expect(kidOf(await jwts.sign(claims))).toBe(kid);
  });

  it('signs nothing if it is stopped each time', async () => {
    const stopped = await replica();
    const jwts = stopped.interrupted(() => {
      stopped.advance(grace);
      return Promise.resolve();
    });
    await expect(jwts.sign(claims)).rejects.toThrow(DatabaseConnectionError);
  });

  it('signs nothing while the keyring can not be read for longer than that: 503', async () => {
    const one = await replica();
    one.read.mockRejectedValue(new DatabaseConnectionError(new Error('away')));
    await one.jwts.sign(claims);
    one.advance(grace / 2);
    await expect(one.jwts.sign(claims)).rejects.toThrow(DatabaseConnectionError);
    await expect(one.ring.published()).rejects.toThrow(DatabaseConnectionError);
  });

  it('signs nothing while the keyring is gone, and makes no other', async () => {
    const one = await replica();
    await service.keyring.deleteMany();
    one.advance(grace / 2);
    await expect(one.jwts.sign(claims)).rejects.toThrow(DatabaseConnectionError);
    expect(await service.keyring.countDocuments()).toBe(0);
  });
});

describe('a process that verifies', () => {
  it('S26 reads for a key that it does not know, also after it was away for a whole rotation', async () => {
    const [one, away] = [await replica(), await replica()];
    const before = await one.jwts.sign(claims);
    for (let rotation = 0; rotation < 3; rotation += 1) {
      await one.store.rotate();
      await activate();
      await one.ring.read();
      expect(await verifies(away, await one.jwts.sign(claims))).toBe(true);
      expect(await verifies(away, before)).toBe(true);
    }
  });

  it('forgets what it has verified with a key that was withdrawn', async () => {
    const [one, other] = [await replica(), await replica()];
    const token = await one.jwts.sign(claims);
    expect(await verifies(other, token)).toBe(true);
    await one.store.replaceAll(kidOf(token) as string);
    await other.ring.read();
    expect(await verifies(other, token)).toBe(false);
    expect((await other.ring.published()).map(({ kid }) => kid)).toEqual([await other.signer()]);
  });

  it('S60 reads four times a second at most, whatever keys callers name', async () => {
    const one = await replica();
    const began = performance.now();
    const forged = (n: number): string => {
      const header = { alg: 'ES256', kid: String(n).padStart(43, 'k') };
      return `${Buffer.from(JSON.stringify(header)).toString('base64url')}.e30.c2ln`;
    };
    for (let round = 0; round < 8; round += 1)
      await Promise.all(Array.from({ length: 100 }, (_, n) => verifies(one, forged(100 * round + n))));
    const seconds = (performance.now() - began) / 1000;
    expect(one.read.mock.calls.length).toBeLessThanOrEqual(seconds * 4 + 2);
    expect(one.read.mock.calls.length).toBeGreaterThanOrEqual(8);
  });

  it('S23 does not read for what can be no key of the service', async () => {
    const one = await replica();
    one.read.mockClear();
    for (const header of [
      '{}',
      'null',
      '"text"',
      '{"kid":""}',
      '{"kid":5}',
      '{"kid":{"$gt":""}}',
      '{"kid":"../x"}',
      '{',
    ])
      expect(await verifies(one, `${Buffer.from(header).toString('base64url')}.e30.c2ln`)).toBe(false);
    for (const text of ['', '.', '...', 'text']) expect(await verifies(one, text)).toBe(false);
    expect(one.read).not.toHaveBeenCalled();
  });

  it('says so while the database can not be asked for a key that nobody knows', async () => {
    const [one, other] = [await replica(), await replica()];
    await one.store.rotate();
    await activate();
    await one.ring.read();
    const token = await one.jwts.sign(claims);
    other.read.mockRejectedValueOnce(new DatabaseConnectionError(new Error('away')));
    await expect(verifies(other, token)).rejects.toThrow(DatabaseConnectionError);
    expect(await verifies(other, token)).toBe(true);
  });
});
