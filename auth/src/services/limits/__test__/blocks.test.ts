import { Blocks } from '../blocks';

describe('S60 what a process remembers to be blocked', () => {
  it('has a bound, past which the oldest is forgotten', () => {
    const blocks = new Blocks(3);
    for (const key of ['a', 'b', 'a', 'c', 'd']) blocks.add(key, 1000);
    expect(['a', 'b', 'c', 'd'].filter((key) => blocks.trusted(key) > 0)).toEqual(['a', 'c', 'd']);
    expect(blocks.size).toBe(3);
  });

  it('is trusted for ten seconds, and known until the block ends', () => {
    let now = 5000;
    const blocks = new Blocks(3, () => now);
    blocks.add('a', 60_000);
    blocks.add('short', 1000);
    expect([blocks.trusted('a'), blocks.known('a'), blocks.trusted('other')]).toEqual([60_000, 60_000, 0]);
    now += 9999;
    expect([blocks.trusted('a'), blocks.trusted('short'), blocks.known('short')]).toEqual([50_001, 0, 0]);
    now += 1;
    expect([blocks.trusted('a'), blocks.known('a')]).toEqual([0, 50_000]);
    now += 50_000;
    expect(blocks.known('a')).toBe(0);
  });
});
