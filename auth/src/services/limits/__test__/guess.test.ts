import { isDeepStrictEqual } from 'node:util';
import { DatabaseConnectionError } from '../../../errors/database-connection-error';
import { createLogger } from '../../../logger';
import { until } from '../../../test/process';
import { useService } from '../../../test/service';
import { ratesFor } from '../../../test/rates';
import { operator, type Caller } from '../../caller';
import { Limits, type LimitsOptions } from '../limits';

const service = useService();
beforeEach(() => service.limits.deleteMany());
const caller: Caller = { ...operator(), ip: '192.0.2.1' };
const isRight = () => Promise.resolve(true);
const isWrong = () => Promise.resolve(undefined);

const limitsWith = (options: Partial<LimitsOptions> = {}): Limits =>
  new Limits({
    model: service.limits,
    rates: ratesFor(),
    waitMs: 5000,
    logger: createLogger('silent'),
    ...options,
  });

/** How many of these acts in turn are done before one is refused. */
async function allowed(act: () => Promise<unknown>, max: number): Promise<number> {
  for (let n = 0; n < max; n += 1) {
    try {
      await act();
    } catch {
      return n;
    }
  }
  return max;
}

it('S43 a known device is stopped by no limit of its account or network, only by its own', async () => {
  const limits = limitsWith({
    rates: ratesFor({ signinNetwork: '20/15m', signinDevice: '5/15m' }),
  });
  const guess = (device: string, check: () => Promise<boolean | undefined>) =>
    limits.guess('signIn', { ...caller, device }, 'owner@example.com', check, () =>
      Promise.resolve(device === '' ? undefined : device),
    );
  expect(await allowed(() => guess('', isWrong), 40)).toBe(10);
  expect(await allowed(() => guess('a device', isRight), 10)).toBe(5);
  expect(await allowed(() => guess('another device', isWrong), 10)).toBe(5);
});

it('S43 a known device is stopped where the service sheds load', async () => {
  const limits = limitsWith({
    rates: { service: { points: 3, seconds: 900 } },
  });
  const guess = () =>
    limits.guess('signIn', { ...caller, device: 'a cookie' }, 'shed@example.com', isWrong, () =>
      Promise.resolve('a device'),
    );
  expect(await allowed(guess, 10)).toBe(3);
});

it('a guess that could not be checked is not counted', async () => {
  const limits = limitsWith();
  const busy = () => Promise.reject(new Error('too busy'));
  for (let n = 0; n < 15; n += 1)
    await expect(limits.guess('signIn', caller, 'busy@example.com', busy)).rejects.toThrow('too busy');
  expect(await allowed(() => limits.guess('signIn', caller, 'busy@example.com', isWrong), 20)).toBe(10);
});

it('what is given back after its window has ended does not add to the next one', async () => {
  const limits = limitsWith();
  const late = async (): Promise<true> => {
    await service.limits.updateMany({}, { expire: new Date(Date.now() - 1000) });
    return true;
  };
  for (let n = 0; n < 5; n += 1) await limits.guess('signIn', caller, 'late@example.com', late);
  expect(await allowed(() => limits.guess('signIn', caller, 'late@example.com', isWrong), 20)).toBe(10);
});

it('a limit that is missing does not apply', async () => {
  const limits = limitsWith({ rates: {} });
  expect(await allowed(() => limits.guess('signIn', caller, 'free@example.com', isWrong), 50)).toBe(50);
});

it('`unblock` takes effect in another process after ten seconds, and everything else stays', async () => {
  jest.useFakeTimers({ doNotFake: ['setTimeout', 'setImmediate', 'nextTick', 'queueMicrotask', 'Date'] });
  try {
    const [one, other] = [limitsWith(), limitsWith()];
    const guess = (limits: Limits, email: string) => limits.guess('signIn', caller, email, isWrong);
    for (const email of ['released@example.com', 'held@example.com']) {
      expect(await allowed(() => guess(one, email), 20)).toBe(10);
      await expect(guess(other, email)).rejects.toThrow('Too many requests');
    }
    await one.unblock('released@example.com');
    await guess(one, 'released@example.com');
    await expect(guess(other, 'released@example.com')).rejects.toThrow('Too many requests');
    jest.advanceTimersByTime(10_001);
    await guess(other, 'released@example.com');
    await expect(guess(other, 'held@example.com')).rejects.toThrow('Too many requests');
  } finally {
    jest.useRealTimers();
  }
});

it('looks for a known device only where the browser has a cookie, and waits for it no longer than for a limit', async () => {
  const look = jest.fn(() => new Promise<undefined>(() => undefined));
  const guess = (waitMs: number, from: Caller) =>
    limitsWith({ waitMs }).guess('signIn', from, 'slow@example.com', isWrong, look);
  await guess(5000, caller);
  expect(look).not.toHaveBeenCalled();
  await expect(guess(50, { ...caller, device: 'a cookie' })).rejects.toThrow(DatabaseConnectionError);
  expect(look).toHaveBeenCalledTimes(1);
});

describe('what was counted and not used', () => {
  const points = async () => {
    const found = await service.limits.find().sort({ key: 1 }).lean();
    const counts = found.map(({ key, points: count }) => [key.split(':')[0], count] as const);
    return Object.fromEntries(counts) as Record<string, number>;
  };
  const becomes = (expected: Record<string, number>) =>
    until(async () => isDeepStrictEqual(await points(), expected));

  it('is given back where a later limit refuses', async () => {
    const limits = limitsWith({ rates: ratesFor({ service: '3/15m' }) });
    const spend = (n: number) => limits.spend('signUp', { ...caller, ip: `192.0.2.${n}` });
    for (let n = 0; n < 3; n += 1) await spend(0);
    for (let n = 0; n < 5; n += 1) {
      const other = limitsWith({ rates: ratesFor({ service: '3/15m' }) });
      await expect(other.spend('signUp', caller)).rejects.toThrow('Too many requests');
    }
    await becomes({ hashNetwork: 0, service: 8, signupNetwork: 0 });
    expect(await service.limits.find({ points: 3 }).lean()).toHaveLength(2);
  });

  it('is given back where the database fails meanwhile, also if it was counted after the answer', async () => {
    let isSlow = true;
    let go = (): void => undefined;
    const slow = new Promise<void>((resolve) => (go = resolve));
    const model = Object.create(service.limits) as typeof service.limits;
    model.counter = (rate) => {
      const count = service.limits.counter(rate);
      return async (key, many) => {
        if (isSlow && key.startsWith('signupNetwork')) return count(key, many);
        if (isSlow) await slow;
        return count(key, many);
      };
    };
    const limits = limitsWith({ model, waitMs: 3000 });
    await expect(limits.spend('signUp', caller)).rejects.toThrow(DatabaseConnectionError);
    isSlow = false;
    go();
    await becomes({ hashNetwork: 0, service: 0, signupNetwork: 0 });
  });

  it('makes room, however many were refused, so that right passwords at once block nobody afterwards', async () => {
    const limits = limitsWith();
    let end: (right: true) => void = () => undefined;
    const ended = new Promise<true>((resolve) => (end = resolve));
    const check = jest.fn(() => ended);
    const guesses = Array.from({ length: 25 }, () =>
      limits.guess('signIn', caller, 'right@example.com', check).then(
        () => 'right',
        () => 'refused',
      ),
    );
    await until(() => Promise.resolve(check.mock.calls.length === 10));
    await becomes({
      hashNetwork: 10,
      service: 10,
      signinAccount: 10,
      signinAccountNetwork: 25,
      signinNetwork: 10,
    });
    end(true);
    const outcomes = await Promise.all(guesses);
    expect(outcomes.filter((outcome) => outcome === 'right')).toHaveLength(10);
    expect(await points()).toMatchObject({ signinAccount: 0, signinAccountNetwork: 0, signinNetwork: 0 });
    expect(await allowed(() => limits.guess('signIn', caller, 'right@example.com', isWrong), 20)).toBe(10);
  });

  it('is not given back to the next window', async () => {
    const limits = limitsWith();
    let end: (right: true) => void = () => undefined;
    const late = limits.guess(
      'signIn',
      caller,
      'next@example.com',
      () => new Promise<true>((resolve) => (end = resolve)),
    );
    await until(async () => (await service.limits.countDocuments()) === 5);
    await service.limits.updateMany({}, { expire: new Date(Date.now() - 1000) });
    for (let n = 0; n < 5; n += 1) await limits.guess('signIn', caller, 'next@example.com', isWrong);
    end(true);
    await late;
    expect(await points()).toMatchObject({ signinAccountNetwork: 5 });
  });
});
