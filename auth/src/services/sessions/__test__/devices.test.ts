import { randomBytes } from 'node:crypto';
import type { Response } from 'supertest';
import { deviceFrom, jwtFrom } from '../../../test/cookies';
import { day, password, useService } from '../../../test/service';
import { operator } from '../../caller';
import { Devices } from '../devices';

// Many sign in at once here, and so many right passwords in flight reach the limits of guesses.
const service = useService({
  mailing: 'waiting',
  rates: { signinAccountNetwork: '1000/1m', signinAccount: '1000/1m' },
});

let accounts = 0;
const newEmail = () => `device-${++accounts}@example.com`;
const value = () => randomBytes(16).toString('base64url');

/** A sign-up or sign-in in a browser with that Cookie header. The clock goes on, so that no two have the same time. */
async function enter(path: 'signup' | 'signin', email: string, cookie?: string): Promise<Response> {
  service.advance(1);
  const asked = service.api().post(`/api/users/${path}`);
  const response = await (cookie === undefined ? asked : asked.set('Cookie', cookie)).send({
    email,
    password,
  });
  expect(response.status).toBe(path === 'signup' ? 201 : 200);
  return response;
}

/** Opens an account, and returns what the browser's cookie then holds. */
const opened = async (email: string, cookie?: string) =>
  deviceFrom(await enter('signup', email, cookie)) ?? '';

/** Signs in with a `device` cookie. Returns what it then holds, and whether the session has a known device. */
async function signIn(email: string, device?: string) {
  const response = await enter('signin', email, device === undefined ? undefined : `device=${device}`);
  const sid = service.jwts.verify(jwtFrom(response) ?? '')?.sid ?? '';
  const { knownDevice } = await service.sessions.findById(sid).lean().orFail();
  return { device: deviceFrom(response) ?? '', knownDevice };
}

const userOf = (email: string) => service.users.findOne({ email }).lean().orFail();
const devicesOf = async (email: string) => service.devices.find({ user: (await userOf(email))._id }).lean();

describe('S27 the cookie `device`', () => {
  it('is HttpOnly and SameSite=Lax, for a year, and only sent to this service', async () => {
    const email = newEmail();
    for (const response of [await enter('signup', email), await enter('signin', email)])
      expect(response.get('Set-Cookie')?.[1]).toMatch(
        /^device=[\w-]{22}; Max-Age=31536000; Path=\/api\/users; Expires=[^;]+; HttpOnly; SameSite=Lax$/,
      );
  });

  it('is not set by a refused sign-in', async () => {
    const refused = await service.api().post('/api/users/signin').send({ email: newEmail(), password });
    expect(refused.get('Set-Cookie')).toBeUndefined();
  });
});

describe('a browser', () => {
  it('is known from the sign-up on, and keeps its value', async () => {
    const email = newEmail();
    const device = await opened(email);
    const user = (await userOf(email))._id;
    expect((await service.sessions.findOne({ user }).lean())?.knownDevice).toBe(true);
    expect(await signIn(email, device)).toEqual({ device, knownDevice: true });
    expect(await devicesOf(email)).toHaveLength(1);
  });

  it('is new without a cookie, and known at the next sign-in', async () => {
    const email = newEmail();
    await opened(email);
    const { device, knownDevice } = await signIn(email);
    expect(knownDevice).toBe(false);
    expect(await signIn(email, device)).toEqual({ device, knownDevice: true });
  });

  it('is known for a year, which begins anew at each sign-in', async () => {
    const email = newEmail();
    const device = await opened(email);
    service.advance(364 * day);
    expect(await signIn(email, device)).toEqual({ device, knownDevice: true });
    service.advance(364 * day);
    expect(await signIn(email, device)).toEqual({ device, knownDevice: true });
    service.advance(365 * day);
    expect((await signIn(email, device)).knownDevice).toBe(false);
  });

  it('is stored as a hash that differs between accounts, with its times', async () => {
    const [first, second] = [newEmail(), newEmail()];
    const device = await opened(first);
    await opened(second, `device=${device}`);
    const stored = [...(await devicesOf(first)), ...(await devicesOf(second))];
    expect(new Set(stored.map(({ _id }) => _id)).size).toBe(2);
    expect(JSON.stringify(stored)).not.toContain(device);
    for (const each of stored)
      expect(each).toEqual({
        _id: expect.stringMatching(/^[0-9a-f]{64}$/),
        user: expect.anything(),
        epoch: 0,
        createdAt: expect.any(Date),
        lastUsedAt: expect.any(Date),
        expiresAt: expect.any(Date),
      });
  });

  it('is known to each of the accounts that take turns in it', async () => {
    const emails = Array.from({ length: 5 }, newEmail);
    let device = '';
    for (const email of emails) device = await opened(email, `device=${device}`);
    for (const email of emails) expect(await signIn(email, device)).toEqual({ device, knownDevice: true });
  });

  it('S60 is known to five accounts at most', async () => {
    const emails = Array.from({ length: 6 }, newEmail);
    let device = '';
    for (const email of emails) device = await opened(email, `device=${device}`);
    expect(device.split('.')).toHaveLength(5);
    const [first = '', ...others] = emails;
    for (const email of others) expect((await signIn(email, device)).knownDevice).toBe(true);
    expect((await signIn(first, device)).knownDevice).toBe(false);
  });

  it('is known again after a reset, from the next sign-in on', async () => {
    const email = newEmail();
    const before = await opened(email);
    const { _id } = await userOf(email);
    await service.users.applyEvent('password-reset', { _id }, {}, { now: service.now() });
    const { device, knownDevice } = await signIn(email, before);
    expect(knownDevice).toBe(false);
    expect(device.endsWith(`.${before}`)).toBe(true);
    expect(await signIn(email, device)).toEqual({ device, knownDevice: true });
  });

  it('is known to no account that is gone', async () => {
    const email = newEmail();
    const browser = await service.signedUp(email);
    const { _id: user } = await userOf(email);
    expect(await service.devices.countDocuments({ user })).toBe(1);
    await browser.delete('/api/users/me').send({ password }).expect(204);
    expect(await service.devices.countDocuments({ user })).toBe(0);
  });
});

describe('S28 a value that the service has not made for the account', () => {
  it('gets a new one beside it, and does not become known', async () => {
    const [victim, attacker] = [newEmail(), newEmail()];
    const planted = await opened(attacker);
    await opened(victim);
    for (const foreign of [planted, value()]) {
      const { device, knownDevice } = await signIn(victim, foreign);
      expect(knownDevice).toBe(false);
      expect(device).toMatch(new RegExp(`^[\\w-]{22}\\.${foreign}$`));
      expect((await signIn(victim, foreign)).knownDevice).toBe(false);
    }
  });
});

describe('S29 of the `device` cookies of a request', () => {
  const garbage = ['', 'x', 'x'.repeat(5000), '%00', 'é'.repeat(22), `${'a'.repeat(22)}.`, '{"$gt":""}'];

  it.each(garbage)('%#: garbage is none', async (content) => {
    const email = newEmail();
    await opened(email);
    expect(await signIn(email, encodeURI(content))).toEqual({
      device: expect.stringMatching(/^[\w-]{22}$/),
      knownDevice: false,
    });
  });

  it('more than five values are none', async () => {
    const email = newEmail();
    const device = await opened(email);
    const many = [device, ...Array.from({ length: 5 }, value)].join('.');
    expect(await signIn(email, many)).toMatchObject({ knownDevice: false });
  });

  it('two of the right form are none, and one beside those of other applications counts', async () => {
    const email = newEmail();
    const device = await opened(email);
    expect(await signIn(email, `${device}; device=${value()}`)).toMatchObject({ knownDevice: false });
    expect(await signIn(email, `theirs; device=${device}; xdevice=${value()}`)).toMatchObject({
      knownDevice: true,
    });
  });
});

describe('S60 the known devices of an account', () => {
  it('are twenty at most: the one that was unused for longest goes', async () => {
    const email = newEmail();
    const first = await opened(email);
    const { device: second } = await signIn(email);
    for (let n = 0; n < 18; n += 1) await signIn(email);
    expect(await devicesOf(email)).toHaveLength(20);
    expect((await signIn(email, first)).knownDevice).toBe(true);
    await signIn(email);
    expect(await devicesOf(email)).toHaveLength(20);
    expect((await signIn(email, first)).knownDevice).toBe(true);
    expect((await signIn(email, second)).knownDevice).toBe(false);
  });

  it('are twenty at most where many come at once', async () => {
    const email = newEmail();
    await opened(email);
    await Promise.all(Array.from({ length: 30 }, () => enter('signin', email)));
    expect(await devicesOf(email)).toHaveLength(20);
  });

  it('are void where a sign-in has read the account before a reset and is remembered after it', async () => {
    const email = newEmail();
    await opened(email);
    const devices = new Devices({ model: service.devices, now: service.now });
    const before = await userOf(email);
    await service.users.applyEvent('password-reset', { _id: before._id }, {}, { now: service.now() });
    const { cookie } = await devices.remember(before, operator());
    expect(await devices.find(await userOf(email), { ...operator(), device: cookie })).toBeUndefined();
  });
});

describe('S9 a sign-in', () => {
  it('reads the account and the device once, and as often for an address that nobody has', async () => {
    const email = newEmail();
    const device = await opened(email);
    const reads = [jest.spyOn(service.users, 'findByAddress'), jest.spyOn(service.devices, 'findKnown')];
    const readsOf = async (address: string, held: string | undefined, secret: string) => {
      for (const read of reads) read.mockClear();
      const asked = service.api().post('/api/users/signin');
      if (held !== undefined) asked.set('Cookie', `device=${held}`);
      await asked.send({ email: address, password: secret });
      return reads.map((read) => read.mock.calls.length);
    };
    expect(await readsOf(email, device, password)).toEqual([1, 1]);
    expect(await readsOf(email, device, 'a wrong password')).toEqual([1, 1]);
    expect(await readsOf(email, value(), 'a wrong password')).toEqual([1, 1]);
    expect(await readsOf(newEmail(), device, password)).toEqual([1, 1]);
    for (const address of [email, newEmail()])
      expect(await readsOf(address, undefined, 'a wrong password')).toEqual([1, 0]);
    for (const read of reads) read.mockRestore();
  });
});
