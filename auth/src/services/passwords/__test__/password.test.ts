import crypto, { scryptSync } from 'node:crypto';
import { CallerGoneError } from '../../../errors/caller-gone-error';
import { TooBusyError } from '../../../errors/too-busy-error';
import { operator } from '../../caller';
import { Password } from '../password';
import { brokenLengthRule } from '../password-length';
import { nodeDefaultCost } from '../scrypt-cost';

const anyone = operator();
const limits = { concurrency: 2, queue: 100_000 };
const cheap = new Password({ cost: { ln: 1, r: 1, p: 1 }, ...limits });

/** A hash of today's cost, made before passwords were normalised. */
function hashedAsSent(password: string): string {
  const salt = '0123456789abcdef';
  return `${scryptSync(password, salt, 64, { N: 2, r: 1, p: 1 }).toString('hex')}.${salt}.ln=1,r=1,p=1`;
}

describe('Password', () => {
  it("S18 stores key, salt and cost, without the cost if it is Node's default", async () => {
    expect(await cheap.toHash('a password', anyone)).toMatch(/^[0-9a-f]{128}\.[0-9a-f]{32}\.ln=1,r=1,p=1$/);
    const standard = await new Password({ cost: nodeDefaultCost, ...limits }).toHash('a password', anyone);
    expect(standard).toMatch(/^[0-9a-f]{128}\.[0-9a-f]{32}$/);
    const [key, salt = ''] = standard.split('.');
    expect(scryptSync('a password', salt, 64).toString('hex')).toBe(key);
  });

  it('S18 uses a different salt for each of 10,000 hashes', async () => {
    const hashes = await Promise.all(
      Array.from({ length: 10_000 }, () => cheap.toHash('the same', operator())),
    );
    expect(new Set(hashes.map((hash) => hash.split('.')[1])).size).toBe(10_000);
    expect(hashes.join()).not.toContain('the same');
  });

  it('compares with the cost of the stored hash', async () => {
    const stored = await new Password({ cost: { ln: 3, r: 2, p: 2 }, ...limits }).toHash(
      'a password',
      anyone,
    );
    expect(await cheap.compare(stored, 'a password', anyone)).toBe(true);
    expect(await cheap.compare(stored, 'A password', anyone)).toBe(false);
    expect(await cheap.match(stored, 'a password', anyone)).toBe('outdated');
    expect(await cheap.match(await cheap.toHash('a password', anyone), 'a password', anyone)).toBe('current');
  });

  it('F10 S14 counts, hashes and matches both forms of a password alike', async () => {
    const [composed, decomposed] = ['pässwörd', 'pa\u0308sswo\u0308rd'];
    const stored = await cheap.toHash(decomposed, anyone);
    expect(await cheap.match(stored, composed, anyone)).toBe('current');
    expect(await cheap.match(stored, decomposed, anyone)).toBe('current');
    expect(await cheap.match(await cheap.toHash(composed, anyone), decomposed, anyone)).toBe('current');
    // Seven characters, and eight code points as they are sent. The last one is one that NFC makes two.
    const texts = ['a\u0308bcdefg', 'äbcdefg', 'ä'.repeat(128), 'a\u0308'.repeat(128), '\u0958'.repeat(65)];
    expect(texts.map(brokenLengthRule)).toEqual([
      'password_length',
      'password_length',
      undefined,
      undefined,
      'password_length',
    ]);
  });

  it('F10 matches a hash of before, of the password as it was sent, and asks for a new one', async () => {
    const sent = 'pa\u0308sswo\u0308rd';
    const stored = hashedAsSent(sent);
    expect(await cheap.match(stored, sent, anyone)).toBe('outdated');
    expect(await cheap.compare(stored, sent, anyone)).toBe(true);
    expect(await cheap.match(stored, 'pässwörd', anyone)).toBeUndefined();
    const long = 'a\u0308'.repeat(600);
    expect(await cheap.match(hashedAsSent(long), long, anyone)).toBe('current');
  });

  it('F10 S17 spends less than 10 ms on the normal form of the most hostile password', () => {
    const marks = (units: number) => 'a' + '\u0301\u0323'.repeat(units / 2);
    for (const hostile of [marks(1022), marks(16_000), '\u1f82'.repeat(5000)]) {
      const times = Array.from({ length: 10 }, () => {
        const started = performance.now();
        expect(brokenLengthRule(hostile)).toBe('password_length');
        return performance.now() - started;
      });
      // The shortest: in the others, another process may have had the processor.
      expect(Math.min(...times)).toBeLessThan(10);
    }
  });

  it('S19 matches no password if the stored hash is missing or corrupt', async () => {
    for (const stored of [undefined, '', 'corrupt', `${'0'.repeat(128)}.${'0'.repeat(32)}`]) {
      expect(await cheap.compare(stored, 'a password', anyone)).toBe(false);
    }
  });

  it.each<[string, () => Promise<string | undefined>]>([
    ['no hash', () => Promise.resolve(undefined)],
    ['a corrupt hash', () => Promise.resolve('corrupt')],
    [
      "a hash of Node's default cost",
      () => new Password({ cost: nodeDefaultCost, ...limits }).toHash('it', anyone),
    ],
    ['a hash of the current cost', () => cheap.toHash('it', anyone)],
  ])(
    "S9 F10 spends one hash of the current cost and one of Node's default for each form, on a mismatch with %s",
    async (_what, toStore) => {
      const stored = await toStore();
      for (const [supplied, forms] of [
        ['another', 1],
        ['äther', 1],
        ['a\u0308ther', 2],
        ['a\u0308'.repeat(600), 1],
      ] as const) {
        const hashed = jest.spyOn(crypto, 'scrypt');
        expect(await cheap.compare(stored, supplied, anyone)).toBe(false);
        const costs = hashed.mock.calls.map(
          ([, , , { N, r, p }]) => `${String(N)} ${String(r)} ${String(p)}`,
        );
        hashed.mockRestore();
        const once = ['16384 8 1', '2 1 1'];
        expect(costs.sort()).toEqual(once.flatMap((cost) => Array<string>(forms).fill(cost)));
      }
    },
  );

  it('S60 refuses to hash if all slots and the queue are full, and recovers', async () => {
    const small = new Password({ cost: { ln: 4, r: 8, p: 1 }, concurrency: 1, queue: 2 });
    const results = await Promise.allSettled(
      Array.from({ length: 5 }, () => small.toHash('a password', operator())),
    );
    const refused = results.flatMap((result) =>
      result.status === 'rejected' ? [result.reason as unknown] : [],
    );
    expect(refused).toEqual([expect.any(TooBusyError), expect.any(TooBusyError)]);
    await expect(small.toHash('a password', operator())).resolves.toBeDefined();
  });

  it('R2 refuses at once what waits and what comes once it is closed, but not the second hash of a request', async () => {
    const small = new Password({ cost: { ln: 4, r: 8, p: 1 }, concurrency: 1, queue: 2 });
    const [first, second, third] = [operator(), operator(), operator()];
    const running = small.toHash('a password', first);
    const waiting = small.toHash('a password', second);
    small.close();
    await expect(waiting).rejects.toBeInstanceOf(TooBusyError);
    await expect(small.toHash('a password', third)).rejects.toBeInstanceOf(TooBusyError);
    await running;
    await expect(small.toHash('a password', first)).resolves.toBeDefined();
    await expect(small.toHash('a password', second)).rejects.toBeInstanceOf(TooBusyError);
  });

  it('F21 hashes for nobody who hung up before the hash began, and frees the place in the line', async () => {
    const small = new Password({ cost: { ln: 4, r: 8, p: 1 }, concurrency: 1, queue: 1 });
    const hashed = jest.spyOn(crypto, 'scrypt');
    const hangUp = new AbortController();
    const gone = { ...operator(), signal: hangUp.signal };
    const running = small.toHash('a password', operator());
    const waiting = small.toHash('a password', gone);
    hangUp.abort();
    await expect(waiting).rejects.toBeInstanceOf(CallerGoneError);
    await expect(small.toHash('a password', gone)).rejects.toBeInstanceOf(CallerGoneError);
    await Promise.all([running, small.toHash('a password', operator())]);
    expect(hashed).toHaveBeenCalledTimes(2);
    hashed.mockRestore();
  });

  it('frees the slot of a failed hash', async () => {
    const broken = new Password({ cost: { ln: 0, r: 1, p: 1 }, concurrency: 1, queue: 0 });
    await expect(broken.toHash('a password', anyone)).rejects.toThrow();
    await expect(broken.toHash('a password', anyone)).rejects.not.toBeInstanceOf(TooBusyError);
  });
});
