import { transactions } from '../../../models/database';
import { deviceFrom } from '../../../test/cookies';
import { day, hour, password, useService } from '../../../test/service';

const coolDownMs = 60_000;
const service = useService({ mailing: 'waiting', newSignInMail: true, coolDownSeconds: coolDownMs / 1000 });
const silent = useService({ mailing: 'waiting' });

const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const subject = 'New sign-in to your account';
const kind = 'new-sign-in';

let accounts = 0;
/** An account that was opened two hours ago in another browser. */
async function account() {
  const email = `told-${++accounts}@example.com`;
  const browser = await service.signedUp(email);
  await service.users.updateOne({ email }, { emailVerified: true });
  service.advance(2 * hour);
  return { email, browser };
}

const signIn = (
  email: string,
  { userAgent = firefox, ip = '203.0.113.9', secret = password, cookie = '' } = {},
) =>
  service
    .api()
    .post('/api/users/signin')
    .set({ 'User-Agent': userAgent, 'X-Forwarded-For': ip, Cookie: cookie })
    .send({ email, password: secret })
    .expect(200);

const waiting = (email: string) => service.mails.find({ to: email, kind, status: 'pending' }).lean();

/** Sends what is due, and returns the mails about sign-ins to an address. */
async function sent(email: string) {
  service.worker?.start();
  await service.mailSettled();
  await service.worker?.stop();
  return service.inbox.mails.splice(0).filter((mail) => mail.to === email && mail.subject === subject);
}

/** Makes the waiting mails due, as time does. */
const coolDownEnds = async () => {
  await service.mails.updateMany({ kind }, { dueAt: new Date(0) });
  await service.mailSlots.updateMany({}, { freeAt: new Date() });
};

const reset = (token: string | undefined, secret: string) =>
  service.api().post('/api/users/password-reset/confirm').send({ token, password: secret });

describe('the owner is told of a sign-in from a new device', () => {
  it('with its time, browser, system and network address, and with a link that ends its session', async () => {
    const { email } = await account();
    const signedIn = await signIn(email);
    const at = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' });
    const [mail, ...others] = await sent(email);
    expect(others).toEqual([]);
    expect(mail?.text).toContain(' UTC: Firefox on Linux, network address 203.0.113.9\n');
    expect(mail?.text).toContain(at.format(service.now()).slice(0, -3));
    await reset(mail?.token, 'a new password').expect(204);
    const cookie = signedIn.get('Set-Cookie')?.[0]?.split(';')[0] ?? '';
    const { body } = await service.api().get('/api/users/currentuser').set('Cookie', cookie).expect(200);
    expect(body).toEqual({ currentUser: null });
    await signIn(email, { secret: 'a new password' });
  });

  it('with a link that works for a day', async () => {
    for (const [after, status] of [
      [day - 60, 204],
      [day + 60, 400],
    ] as const) {
      const { email } = await account();
      await signIn(email);
      const [mail] = await sent(email);
      service.advance(after);
      await reset(mail?.token, 'a new password').expect(status);
    }
  });

  it('in words of ours: a User-Agent carries no link into the mail', async () => {
    const { email } = await account();
    await signIn(email, { userAgent: 'https://evil.example Win a prize', ip: 'evil.example' });
    const [mail] = await sent(email);
    expect(mail?.text).toContain(': an unknown browser, ');
    expect(mail?.text).not.toContain('evil');
  });

  it('even if whoever signed in changes the password at once', async () => {
    const { email } = await account();
    const thief = service.browser();
    await thief.post('/api/users/signin').send({ email, password }).expect(200);
    const change = { currentPassword: password, password: 'a password of the thief' };
    await thief.put('/api/users/me/password').send(change).expect(204);
    const [mail] = await sent(email);
    await reset(mail?.token, 'a new password').expect(204);
  });
});

describe('the owner is not told', () => {
  it('of a sign-up, nor of a sign-in from a known device', async () => {
    const { email, browser } = await account();
    await browser.post('/api/users/signin').send({ email, password }).expect(200);
    expect(await waiting(email)).toEqual([]);
    const device = deviceFrom(await signIn(email)) ?? '';
    expect(await waiting(email)).toHaveLength(1);
    await sent(email);
    await signIn(email, { cookie: `device=${device}` });
    expect(await waiting(email)).toEqual([]);
  });

  it('of the first sign-in within an hour after a reset, but of the second and of a later one', async () => {
    for (const [after, told] of [
      [hour - 60, 0],
      [hour + 60, 1],
    ] as const) {
      const { email } = await account();
      await signIn(email);
      const [mail] = await sent(email);
      await coolDownEnds();
      await reset(mail?.token, 'a new password').expect(204);
      service.advance(after);
      await signIn(email, { secret: 'a new password' });
      expect(await waiting(email)).toHaveLength(told);
      await signIn(email, { secret: 'a new password' });
      expect((await waiting(email))[0]?.signInCount).toBe(told + 1);
    }
  });

  it('at an address that is not verified', async () => {
    const { email } = await account();
    await service.users.updateOne({ email }, { emailVerified: false });
    await signIn(email).expect(200);
    expect(await service.mails.exists({ kind, to: email })).toBeNull();
  });

  it('by a service with NEW_SIGN_IN_MAIL=off', async () => {
    const email = 'silent@example.com';
    await silent.signedUp(email);
    await silent.users.updateOne({ email }, { emailVerified: true });
    silent.advance(2 * hour);
    await silent.api().post('/api/users/signin').send({ email, password }).expect(200);
    expect(await silent.mails.exists({ kind })).toBeNull();
  });
});

describe('S60 mails about sign-ins', () => {
  it('are one while it waits, which lists the last ten and counts the others', async () => {
    const { email } = await account();
    const addresses = Array.from({ length: 12 }, (_, n) => `203.0.113.${n + 100}`);
    for (const ip of addresses) await signIn(email, { ip });
    expect(await waiting(email)).toHaveLength(1);
    const [mail, ...others] = await sent(email);
    expect(others).toEqual([]);
    expect(mail?.text.match(/network address \S+/g)).toEqual(
      addresses.slice(2).map((ip) => `network address ${ip}`),
    );
    expect(mail?.text).toContain('Sign-ins before these: 2.');
    expect((await service.mails.findOne({ to: email, kind }).lean())?.signIns).toBeUndefined();
  });

  it('are one where many sign in at once, and it counts them all', async () => {
    const { email } = await account();
    await Promise.all(Array.from({ length: 8 }, () => signIn(email)));
    expect((await waiting(email)).map(({ signInCount }) => signInCount)).toEqual([8]);
  });

  it('are one for each cool-down, and no sign-in hides behind another', async () => {
    const { email } = await account();
    await signIn(email, { ip: '203.0.113.1' });
    expect(await sent(email)).toHaveLength(1);
    await signIn(email, { ip: '203.0.113.2' });
    await signIn(email, { ip: '203.0.113.3' });
    const [mail, ...others] = await waiting(email);
    expect(others).toEqual([]);
    const wait = (mail?.dueAt.getTime() ?? NaN) - Date.now();
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(coolDownMs);
    await coolDownEnds();
    const [next] = await sent(email);
    expect(next?.text).toMatch(/203\.0\.113\.2\n[^]*203\.0\.113\.3\n/);
    expect(next?.text).not.toContain('203.0.113.1\n');
  });

  it('wait again for what came while one was being sent, and tell of that alone', async () => {
    const { email } = await account();
    await service.mails.deleteMany();
    await signIn(email, { ip: '203.0.113.1' });
    const claimed = await service.mails.claim(120_000);
    expect(claimed).toMatchObject({ kind, signInCount: 1 });
    await signIn(email, { ip: '203.0.113.2' });
    if (claimed)
      await service.mails.finish(claimed, { status: 'sent', forMs: day * 1000, againMs: coolDownMs });
    const [mail] = await waiting(email);
    expect(mail).toMatchObject({ attempts: 0, signInCount: 1, signIns: [{ ip: '203.0.113.2' }] });
    expect(mail?.expiresAt).toBeUndefined();
    expect(mail?.dueAt.getTime()).toBeGreaterThan(Date.now());
    await coolDownEnds();
    const [next, ...others] = await sent(email);
    expect(next?.text).toContain('203.0.113.2\n');
    expect(others).toEqual([]);
  });

  it('are not tried sooner because of another sign-in, after a failed attempt', async () => {
    const { email } = await account();
    await service.mails.deleteMany();
    await signIn(email);
    const claimed = await service.mails.claim(120_000);
    if (claimed)
      await service.mails.finish(claimed, { status: 'pending', forMs: 600_000, lastError: 'down' });
    const [before] = await waiting(email);
    await signIn(email);
    const [after] = await waiting(email);
    expect(after).toMatchObject({ attempts: 1, dueAt: before?.dueAt, signInCount: 2 });
    await coolDownEnds();
    expect(await sent(email)).toHaveLength(1);
  });

  it('are put off for one cool-down at most, whatever accounts with that address come and go', async () => {
    const transact = transactions(service.connection);
    const slot = { kind, to: 'put-off@example.com' } as const;
    const defer = () => transact((tx) => service.mailSlots.defer(slot, coolDownMs / 1000, tx));
    const first = await defer();
    let last = first;
    for (let n = 0; n < 5; n += 1) last = await defer();
    expect(first.getTime()).toBeLessThanOrEqual(Date.now());
    expect(last.getTime()).toBeGreaterThan(first.getTime());
    expect(last.getTime()).toBeLessThanOrEqual(Date.now() + coolDownMs);
  });
});

describe('hundreds of sign-ins at once', () => {
  const crowded = useService({
    mailing: 'waiting',
    newSignInMail: true,
    hashing: { concurrency: 2, queue: 1000 },
    rates: { signinAccountNetwork: '1000/1m', signinAccount: '1000/1m' },
  });

  it('do not fail because they are told of in one mail', async () => {
    const email = 'crowd@example.com';
    await crowded.signedUp(email);
    await crowded.users.updateOne({ email }, { emailVerified: true });
    const signIns = Array.from({ length: 200 }, async () => {
      const { status } = await crowded.api().post('/api/users/signin').send({ email, password });
      return status;
    });
    expect(new Set(await Promise.all(signIns))).toEqual(new Set([200]));
    const [mail, ...others] = await crowded.mails.find({ to: email, kind }).lean();
    expect(mail).toMatchObject({ signInCount: 200 });
    expect(mail?.signIns).toHaveLength(10);
    expect(others).toEqual([]);
  });
});
