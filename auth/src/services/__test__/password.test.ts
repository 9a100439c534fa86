import crypto, { scryptSync } from 'node:crypto';
import { TooBusyError } from '../../errors/too-busy-error';
import { Password } from '../password';
import { nodeDefaultCost } from '../scrypt-cost';

const limits = { concurrency: 2, queue: 100_000 };
const cheap = new Password({ cost: { ln: 1, r: 1, p: 1 }, ...limits });

describe('Password', () => {
  it("S18 stores key, salt and cost, and leaves the cost out where it is Node's default", async () => {
    expect(await cheap.toHash('a password')).toMatch(/^[0-9a-f]{128}\.[0-9a-f]{32}\.ln=1,r=1,p=1$/);
    const standard = await new Password({ cost: nodeDefaultCost, ...limits }).toHash('a password');
    expect(standard).toMatch(/^[0-9a-f]{128}\.[0-9a-f]{32}$/);
    const [key, salt = ''] = standard.split('.');
    expect(scryptSync('a password', salt, 64).toString('hex')).toBe(key);
  });

  it('S18 has a salt of its own for each of 10,000 hashes', async () => {
    const hashes = await Promise.all(Array.from({ length: 10_000 }, () => cheap.toHash('the same')));
    expect(new Set(hashes.map((hash) => hash.split('.')[1])).size).toBe(10_000);
    expect(hashes.join()).not.toContain('the same');
  });

  it('compares with the cost that the hash was made at', async () => {
    const stored = await new Password({ cost: { ln: 3, r: 2, p: 2 }, ...limits }).toHash('a password');
    expect(await cheap.compare(stored, 'a password')).toBe(true);
    expect(await cheap.compare(stored, 'A password')).toBe(false);
    expect(cheap.isOutdated(stored)).toBe(true);
    expect(cheap.isOutdated(await cheap.toHash('a password'))).toBe(false);
    expect(cheap.isOutdated('corrupt')).toBe(false);
  });

  it('S19 matches nothing where nothing sound is stored', async () => {
    for (const stored of [undefined, '', 'corrupt', `${'0'.repeat(128)}.${'0'.repeat(32)}`]) {
      expect(await cheap.compare(stored, 'a password')).toBe(false);
    }
  });

  it.each<[string, () => Promise<string | undefined>]>([
    ['nothing', () => Promise.resolve(undefined)],
    ['what is corrupt', () => Promise.resolve('corrupt')],
    ["a hash of Node's default cost", () => new Password({ cost: nodeDefaultCost, ...limits }).toHash('it')],
    ["a hash of today's", () => cheap.toHash('it')],
  ])("S9 a no to %s costs one hash of today's cost and one of Node's default", async (_what, toStore) => {
    const stored = await toStore();
    const hashed = jest.spyOn(crypto, 'scrypt');
    expect(await cheap.compare(stored, 'another')).toBe(false);
    const costs = hashed.mock.calls.map(([, , , { N, r, p }]) => `${String(N)} ${String(r)} ${String(p)}`);
    hashed.mockRestore();
    expect(costs.sort()).toEqual(['16384 8 1', '2 1 1']);
  });

  it('turns hashes away when those at once and those in line are taken, and recovers', async () => {
    const small = new Password({ cost: { ln: 4, r: 8, p: 1 }, concurrency: 1, queue: 2 });
    const results = await Promise.allSettled(Array.from({ length: 5 }, () => small.toHash('a password')));
    const refused = results.flatMap((result) =>
      result.status === 'rejected' ? [result.reason as unknown] : [],
    );
    expect(refused).toEqual([expect.any(TooBusyError), expect.any(TooBusyError)]);
    await expect(small.toHash('a password')).resolves.toBeDefined();
  });

  it('gives its place back when a hash fails', async () => {
    const broken = new Password({ cost: { ln: 0, r: 1, p: 1 }, concurrency: 1, queue: 0 });
    await expect(broken.toHash('a password')).rejects.toThrow();
    await expect(broken.toHash('a password')).rejects.not.toBeInstanceOf(TooBusyError);
  });
});
