import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Types } from 'mongoose';
import type { LiveSession } from '../../../models/session';
import { LiveSessions } from '../live-sessions';

const now = new Date('2026-01-01T00:00:00Z');
const expiresAt = new Date('2026-01-02T00:00:00Z');

/** A live session of a user; ids of sessions are texts, those of users numbers. */
function live(id: string, user = 1, text = ''): LiveSession {
  const _id = new Types.ObjectId(user.toString(16).padStart(24, '0'));
  const times = { createdAt: now, lastUsedAt: now, expiresAt };
  return {
    session: { _id: id, user: _id, ip: '', userAgent: text, ...times },
    user: { _id, email: `${user}@example.com` } as LiveSession['user'],
  };
}
const userId = (user: number): string => user.toString(16).padStart(24, '0');

let isHearing = true;
const pulse = { isHearing: () => isHearing, prove: () => Promise.resolve(), want: () => undefined };
const find = jest.fn((id: string): Promise<LiveSession | undefined> => Promise.resolve(live(id)));
const bytesOf = ({ session }: LiveSession): number => 1000 + session.userAgent.length;
const newMemory = (max = 10) => new LiveSessions({ find, pulse, now: () => now, max, bytesOf });

beforeEach(() => {
  isHearing = true;
  find.mockReset().mockImplementation((id) => Promise.resolve(live(id)));
});

describe('R16 live sessions in memory', () => {
  it('are asked for once, while every change is heard of', async () => {
    const memory = newMemory();
    const first = await memory.find('a');
    expect(await memory.find('a')).toBe(first);
    expect(find).toHaveBeenCalledTimes(1);
    isHearing = false;
    await memory.find('a');
    expect(find).toHaveBeenCalledTimes(2);
  });

  it('are not kept where the question began before changes were heard of', async () => {
    isHearing = false;
    find.mockImplementationOnce((id) => {
      isHearing = true;
      return Promise.resolve(live(id));
    });
    const memory = newMemory();
    await memory.find('a');
    expect(memory.size).toBe(0);
    await memory.find('a');
    expect(memory.size).toBe(1);
  });

  it.each([
    ['the session', { session: 'a' }, 2],
    ['its user', { user: userId(1) }, 2],
    ['anything', 'anything', 2],
    ['another session', { session: 'b' }, 1],
    ['another user', { user: userId(2) }, 1],
  ] as const)('are asked for again after a change of %s', async (_what, changed, times) => {
    const memory = newMemory();
    await memory.find('a');
    memory.changed(changed);
    await memory.find('a');
    expect(find).toHaveBeenCalledTimes(times);
  });

  it.each([
    ['the session', { session: 'a' }],
    ['its user', { user: userId(1) }],
    ['anything', 'anything'],
  ] as const)(
    'are asked for again where %s changed after the question and before the answer',
    async (_what, changed) => {
      let answer: (found: LiveSession) => void = () => undefined;
      find.mockImplementationOnce(() => new Promise((resolve) => (answer = resolve)));
      const memory = newMemory();
      const asked = memory.find('a');
      await Promise.resolve();
      memory.changed(changed);
      find.mockResolvedValueOnce(undefined);
      answer(live('a'));
      expect(await asked).toBeUndefined();
      expect(memory.size).toBe(0);
    },
  );

  it('end at their time', async () => {
    let time = now;
    const memory = new LiveSessions({ find, pulse, now: () => time, max: 10, bytesOf });
    await memory.find('a');
    time = expiresAt;
    // It may have been renewed elsewhere.
    find.mockResolvedValueOnce(undefined);
    expect(await memory.find('a')).toBeUndefined();
    expect(find).toHaveBeenCalledTimes(2);
  });

  it('fail where what the database answers can’t be proved', async () => {
    const unproved = { ...pulse, prove: () => Promise.reject(new Error('cut off')) };
    const memory = new LiveSessions({ find, pulse: unproved, now: () => now, max: 10, bytesOf });
    await expect(memory.find('a')).rejects.toThrow('cut off');
    expect(memory.size).toBe(0);
  });

  it('S60 are bounded in number: the one that was unused for longest goes', async () => {
    const memory = newMemory(2);
    for (const id of ['a', 'b', 'a', 'c']) await memory.find(id);
    find.mockClear();
    await memory.find('a');
    expect(find).not.toHaveBeenCalled();
    await memory.find('b');
    expect(find).toHaveBeenCalledTimes(1);
    expect(memory.size).toBe(2);
  });

  it('S60 are bounded in bytes: fewer large ones', async () => {
    const memory = newMemory(10);
    find.mockImplementation((id) => Promise.resolve(live(id, 1, 'x'.repeat(9000))));
    for (let n = 0; n < 100; n += 1) await memory.find(String(n));
    expect(memory.size).toBe(4);
  });

  it('S60 leave nothing behind: a million sessions of 20,000 users in a row', async () => {
    setFlagsFromString('--expose_gc');
    const collect = runInNewContext('gc') as () => void;
    const heap = (): number => {
      collect();
      return process.memoryUsage().heapUsed / 1024 / 1024;
    };
    // Not a mock, which would remember a million calls.
    let user = 0;
    const ask = (id: string) => Promise.resolve(live(id, (user = (user + 1) % 20_000)));
    const memory = new LiveSessions({ find: ask, pulse, now: () => now, max: 1000, bytesOf });
    for (let n = 0; n < 10_000; n += 1) await memory.find(`first ${n}`);
    const before = heap();
    for (let n = 0; n < 1_000_000; n += 1) await memory.find(`then ${n}`);
    expect(memory.size).toBe(1000);
    expect(heap() - before).toBeLessThan(10);
  }, 180_000);

  it('R16 are never answered after their end was told: 10,000 ends against 10,000 checks', async () => {
    // A database that answers after a while what it had when it was asked.
    const alive = new Map<string, boolean>();
    const later = (steps: number): Promise<void> =>
      steps === 0 ? Promise.resolve() : new Promise(setImmediate).then(() => later(steps - 1));
    let random = 12345;
    const next = (below: number): number => {
      random = (random * 1103515245 + 12345) % 2147483648;
      return random % below;
    };
    const ask = async (id: string): Promise<LiveSession | undefined> => {
      const was = alive.get(id) ? live(id, id.length) : undefined;
      await later(next(4));
      return was;
    };
    const memory = new LiveSessions({ find: ask, pulse, now: () => now, max: 50, bytesOf });
    let wrong = 0;
    const check = async (id: string): Promise<void> => {
      const wasTold = alive.get(id) !== true;
      const found = await memory.find(id);
      if (wasTold && found && alive.get(id) !== true) wrong += 1;
    };
    const checks: Promise<void>[] = [];
    for (let n = 0; n < 10_000; n += 1) {
      const id = `session ${next(100)}`;
      alive.set(id, true);
      checks.push(check(id), check(`session ${next(100)}`));
      await later(next(2));
      const ended = `session ${next(100)}`;
      alive.set(ended, false);
      memory.changed(next(2) === 0 ? { session: ended } : { user: userId(ended.length) });
    }
    await Promise.all(checks);
    expect(wrong).toBe(0);
  });
});
