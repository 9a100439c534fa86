import { password, useService } from '../../../test/service';
import { until } from '../../../test/process';

const wrong = 'a wrong password';
const from = (ip: string) => ({ 'X-Forwarded-For': ip });

describe('limits of guesses', () => {
  const service = useService({ rates: { signinNetwork: '40/15m' } });
  const guess = (email: string, ip: string, given = wrong) =>
    service.api().post('/api/users/signin').set(from(ip)).send({ email, password: given });

  it('S40 the eleventh failure for an account from one network is refused, with or without such an account', async () => {
    await service.signedUp('ada@example.com');
    const refused = await Promise.all(
      ['ada@example.com', 'nobody@example.com'].map(async (email) => {
        for (let n = 0; n < 10; n += 1) await guess(email, '192.0.2.1').expect(400);
        return guess(email, '192.0.2.1', password);
      }),
    );
    for (const { status, headers, body } of refused) {
      expect(status).toBe(429);
      expect(Number(headers['retry-after'])).toBeGreaterThan(15 * 60 - 60);
      expect(body).toEqual({ errors: [{ message: 'Too many requests', code: 'too_many_requests' }] });
    }
    await guess('ada@example.com', '192.0.2.2', password).expect(200);
    expect(service.logs).toContainEqual(
      expect.objectContaining({ event: 'limited', limit: 'signinAccountNetwork', ip: '192.0.2.1' }),
    );
    await service.auditTrail.flush();
    const entry = { action: 'limited', outcome: 'refused', 'from.ip': '192.0.2.1' } as const;
    expect(await service.audit.exists(entry)).not.toBeNull();
  });

  it('S40 what one network is refused does not count against the account', async () => {
    await service.signedUp('grace@example.com');
    for (let n = 0; n < 60; n += 1) await guess('grace@example.com', '192.0.2.3');
    await guess('grace@example.com', '192.0.2.4', password).expect(200);
  });

  it('S40 a right password is not counted, however often it is sent', async () => {
    await service.signedUp('joan@example.com');
    for (let n = 0; n < 9; n += 1) await guess('joan@example.com', '192.0.2.5').expect(400);
    for (let n = 0; n < 25; n += 1) await guess('joan@example.com', '192.0.2.5', password).expect(200);
  });

  it('S42 a forged X-Forwarded-For does not help', async () => {
    const forged = (n: number) => guess('forged@example.com', `203.0.113.${n}, 192.0.2.6`);
    for (let n = 0; n < 10; n += 1) await forged(n).expect(400);
    await forged(10).expect(429);
  });

  it('S42 all addresses of an IPv6 /64 are one network', async () => {
    for (let n = 0; n < 10; n += 1) await guess('six@example.com', `2001:db8:1:2::${n}`).expect(400);
    await guess('six@example.com', '2001:db8:1:2:a:b:c:d').expect(429);
    await guess('six@example.com', '2001:db8:1:3::1').expect(400);
  });

  it('S43 guesses from many networks cost an account’s limit of hashes, and no more', async () => {
    await service.signedUp('owner@example.com');
    const statuses = new Map<number, number>();
    const guesses = Array.from({ length: 80 }, (_, n) => guess('owner@example.com', `198.51.100.${n % 20}`));
    for (const { status } of await Promise.all(guesses))
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    expect(Object.fromEntries(statuses)).toEqual({ 400: 30, 429: 50 });
  });

  it('S43 guesses do not lock the owner out of a browser where the account signed in before', async () => {
    const browser = await service.signedUp('known@example.com');
    for (let n = 0; n < 40; n += 1) await guess('known@example.com', `198.51.100.${100 + (n % 8)}`);
    await guess('known@example.com', '198.51.100.200', password).expect(429);
    await browser.post('/api/users/signin').send({ email: 'known@example.com', password }).expect(200);
  });

  it('S41 a spray over many accounts from one network is refused', async () => {
    const answers = [];
    for (let n = 0; n < 60; n += 1) answers.push(await guess(`sprayed-${n}@example.com`, '192.0.2.9'));
    expect(answers.filter(({ status }) => status === 400)).toHaveLength(40);
    await guess('another@example.com', '192.0.2.10').expect(400);
  });

  it('`unblock` forgets what counts against an address, and `stateOf` shows it', async () => {
    for (let n = 0; n < 11; n += 1) await guess('blocked@example.com', '192.0.2.11');
    const state = await service.limiter.stateOf('blocked@example.com');
    expect(state).toContainEqual(
      expect.objectContaining({ limit: 'signinAccountNetwork', count: 10, max: 10, blocked: true }),
    );
    expect(state).toContainEqual(
      expect.objectContaining({ limit: 'signinAccount', count: 10, max: 30, blocked: false }),
    );
    await service.limiter.unblock('blocked@example.com');
    expect(await service.limiter.stateOf('blocked@example.com')).toEqual([]);
    await guess('blocked@example.com', '192.0.2.11').expect(400);
  });

  it('stores no address', async () => {
    await guess('plain@example.com', '192.0.2.77');
    const stored = JSON.stringify(await service.limits.find().lean());
    expect(stored).toContain('signinAccountNetwork:');
    expect(stored).not.toMatch(/example|192\.0\.2/);
  });
});

describe('the limit of hashes', () => {
  const service = useService({ rates: { hashNetwork: '10/15m' } });

  it('S60 bounds what one network makes the service hash, right passwords too', async () => {
    const browser = await service.signedUp('owner@example.com');
    const body = { email: 'owner@example.com', password };
    for (let n = 0; n < 8; n += 1) await service.api().post('/api/users/signin').send(body).expect(200);
    await browser.put('/api/users/me/password').send({ currentPassword: wrong, password }).expect(400);
    await browser.put('/api/users/me/password').send({ currentPassword: wrong, password }).expect(429);
    await service.api().post('/api/users/signin').send(body).expect(429);
  });

  it('S60 bounds new passwords too, and a token that it refuses stays good', async () => {
    const email = 'reset@example.com';
    const post = (path: string, ip: string, body: object) =>
      service.api().post(`/api/users${path}`).set(from(ip)).send(body);
    await post('/signup', '192.0.2.1', { email, password }).expect(201);
    await post('/password-reset', '192.0.2.1', { email }).expect(202);
    const reset = { token: await service.tokenTo(email, 'Reset'), password: 'another good password' };
    for (let n = 0; n < 10; n += 1) await post('/signin', '192.0.2.2', { email, password }).expect(200);
    const hash = jest.spyOn(service.passwords, 'toHash');
    await post('/password-reset/confirm', '192.0.2.2', reset).expect(429);
    expect(hash).not.toHaveBeenCalled();
    hash.mockRestore();
    await post('/password-reset/confirm', '192.0.2.1', reset).expect(204);
  });
});

describe('a limit with a short window', () => {
  const service = useService({ rates: { signinAccountNetwork: '1/2s', signinAccount: '1000/1m' } });

  it('S43 a block ends by itself', async () => {
    const body = { email: 'short@example.com', password: wrong };
    const status = async () => (await service.api().post('/api/users/signin').send(body)).status;
    await until(async () => (await status()) === 429);
    await until(async () => (await status()) === 400);
  });
});

describe('limits of sign-ups, mails, tokens and passwords', () => {
  const service = useService({
    rates: {
      signupNetwork: '30/15m',
      mailNetwork: '12/15m',
      tokenNetwork: '5/15m',
      mailAccount: '3/15m',
      passwordAccount: '5/15m',
    },
  });
  const post = (path: string, body: object, ip = '192.0.2.1') =>
    service.api().post(`/api/users${path}`).set(from(ip)).send(body);

  it('S44 S60 a flood of sign-ups from one network is refused, and nobody else’s sign-up', async () => {
    const signUp = (n: number, ip: string) =>
      post('/signup', { email: `flood-${n}@example.com`, password }, ip);
    for (let n = 0; n < 30; n += 1) await signUp(n, '192.0.2.20').expect(201);
    await signUp(30, '192.0.2.20').expect(429);
    await signUp(30, '192.0.2.21').expect(201);
    expect(await service.users.countDocuments({ email: 'flood-30@example.com' })).toBe(1);
  });

  it('mails to one address are refused to one network after five, and then others still get theirs', async () => {
    const ask = (ip: string) => post('/password-reset', { email: 'owned@example.com' }, ip);
    for (let n = 0; n < 5; n += 1) await ask('192.0.2.31').expect(202);
    for (let n = 0; n < 10; n += 1) await ask('192.0.2.31').expect(429);
    for (let n = 0; n < 5; n += 1) await ask('192.0.2.32').expect(202);
    await ask('192.0.2.33').expect(429);
  });

  it('mails to one address are refused after ten, whoever asks', async () => {
    const ask = (n: number) =>
      post('/password-reset', { email: 'flooded@example.com' }, `192.0.2.${100 + n}`);
    for (let n = 0; n < 10; n += 1) await ask(n).expect(202);
    await ask(10).expect(429);
  });

  it('mails that one network asks for are refused, to whomever', async () => {
    const ask = (n: number) => post('/password-reset', { email: `reset-${n}@example.com` }, '192.0.2.30');
    for (let n = 0; n < 12; n += 1) await ask(n).expect(202);
    await ask(12).expect(429);
  });

  it('mails that one account asks for are refused, to whomever', async () => {
    const browser = await service.signedUp('asker@example.com');
    const ask = (n: number) =>
      browser.put('/api/users/me/email').send({ email: `asked-${n}@example.com`, password });
    for (let n = 0; n < 3; n += 1) await ask(n).expect(202);
    await ask(3).expect(429);
  });

  it('tokens of one network are refused after failures, and a valid one does not count', async () => {
    await service.signedUp('token@example.com');
    const confirm = (token: string, ip: string) =>
      post('/email-verification/confirm', { token, password }, ip);
    const valid = await service.tokenTo('token@example.com');
    for (let n = 0; n < 8; n += 1) await confirm(valid, '192.0.2.40').expect(200);
    for (const path of ['/email-verification/decline', '/password-reset/confirm'])
      for (let n = 0; n < 2; n += 1)
        await post(path, { token: 'a'.repeat(43), password }, '192.0.2.40').expect(400);
    await confirm('a'.repeat(43), '192.0.2.40').expect(400);
    await confirm(valid, '192.0.2.40').expect(429);
  });

  it('S60 guesses at the current password are refused, in all sessions of an account together', async () => {
    const first = await service.signedUp('session@example.com');
    const second = service.browser();
    await second.post('/api/users/signin').send({ email: 'session@example.com', password }).expect(200);
    await first.put('/api/users/me/password').send({ currentPassword: wrong, password }).expect(400);
    await second.put('/api/users/me/password').send({ currentPassword: wrong, password }).expect(400);
    await first.put('/api/users/me/email').send({ email: 'x@example.com', password: wrong }).expect(400);
    await second.put('/api/users/me/email').send({ email: 'x@example.com', password: wrong }).expect(400);
    await first.delete('/api/users/me').send({ password: wrong }).expect(400);
    await second.delete('/api/users/me').send({ password }).expect(429);
    expect(await service.users.countDocuments({ email: 'session@example.com' })).toBe(1);
  });

  it('guesses with a token count like sign-ins, so that a link is no way around the limit', async () => {
    await service.signedUp('link@example.com');
    const token = await service.tokenTo('link@example.com');
    const statuses = [];
    for (let n = 0; n < 40; n += 1) {
      const guessed = await post(
        '/email-verification/confirm',
        { token, password: wrong },
        `198.51.100.${n}`,
      );
      statuses.push(guessed.status);
    }
    expect(statuses.filter((status) => status === 400)).toHaveLength(30);
    await post('/signin', { email: 'link@example.com', password }, '198.51.100.99').expect(429);
  });
});

describe('the limits of the whole service', () => {
  const service = useService({ rates: { service: '10/15m', mailService: '10/15m', tokenService: '10/15m' } });
  beforeEach(() => service.limits.deleteMany());
  let sent = 0;
  /** Each from a network of its own. */
  const post = (path: string, body: object) =>
    service
      .api()
      .post(`/api/users${path}`)
      .set(from(`203.0.113.${(sent += 1)}`))
      .send(body);
  const signIn = (n: number) => post('/signin', { email: `crowd-${n}@example.com`, password });
  const ask = (n: number) => post('/password-reset', { email: `crowd-${n}@example.com` });
  const present = () => post('/email-verification/decline', { token: 'a'.repeat(43) });
  const statuses = async (act: (n: number) => ReturnType<typeof post>) => {
    const all = [];
    for (let n = 0; n < 15; n += 1) all.push((await act(n)).status);
    return { first: [...new Set(all.slice(0, 10))], then: [...new Set(all.slice(10))] };
  };

  it('S60 shed load, whoever sends it, and a flood of mails or tokens stops no sign-in', async () => {
    expect(await statuses(ask)).toEqual({ first: [202], then: [429] });
    expect(await statuses(present)).toEqual({ first: [400], then: [429] });
    expect(await statuses(signIn)).toEqual({ first: [400], then: [429] });
    // Five counts for each act, and those of the one that was refused first.
    expect(await service.limits.countDocuments()).toBeLessThanOrEqual(33 * 4 + 3);
  });
});

describe('mails that come with something else', () => {
  const service = useService({ mailing: 'waiting', requireVerifiedEmail: true });
  const post = (path: string, email: string, ip: string) =>
    service.api().post(`/api/users${path}`).set(from(ip)).send({ email, password });
  const asked = (to: string) => service.mails.countDocuments({ to });
  const counts = async (email: string) =>
    (await service.limiter.stateOf(email)).map(({ limit, count }) => [limit, count]);

  it('a sign-up past the limit of its address is created without a mail, which is sent later', async () => {
    const email = 'signed-up@example.com';
    for (let n = 0; n < 5; n += 1) await post('/password-reset', email, '192.0.2.1').expect(202);
    await service.mails.deleteMany({ to: email });
    await post('/signup', email, '192.0.2.1').expect(201);
    expect(await asked(email)).toBe(0);
    await post('/signin', email, '192.0.2.1').expect(400);
    expect(await asked(email)).toBe(0);
    const { body } = await post('/signin', email, '192.0.2.2').expect(400);
    expect(body).toMatchObject({ errors: [{ code: 'email_not_verified' }] });
    expect(await asked(email)).toBe(1);
  });

  it('S60 are counted: sign-ups, their ends, and sign-ins that are not verified', async () => {
    const email = 'counted@example.com';
    await post('/signup', email, '192.0.2.1').expect(201);
    await post('/signin', email, '192.0.2.1').expect(400);
    expect(await counts(email)).toEqual(
      expect.arrayContaining([
        ['mailRecipientNetwork', 2],
        ['mailRecipient', 2],
      ]),
    );
  });

  it('S11 are counted once for sign-ups of one address at once, and the one that is created gets its mail', async () => {
    const email = 'at-once@example.com';
    const answers = await Promise.all(Array.from({ length: 20 }, () => post('/signup', email, '192.0.2.1')));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array<number>(19).fill(400)]);
    expect(await asked(email)).toBe(1);
    expect(await counts(email)).toContainEqual(['mailRecipient', 1]);
  });
});

describe('accounts that are opened and closed again and again', () => {
  const service = useService({ mailing: 'waiting' });

  it('S60 do not flood an address with mails', async () => {
    const email = 'victim@example.com';
    let kinds: string[] = [];
    for (let n = 0; n < 6; n += 1) {
      const browser = await service.signedUp(email);
      await browser.delete('/api/users/me').send({ password }).expect(204);
      kinds = [...kinds, ...(await service.mails.find({ to: email }).lean()).map(({ kind }) => kind)];
      await service.mails.deleteMany({ to: email });
    }
    expect(await service.users.countDocuments({ email })).toBe(0);
    expect(kinds.length).toBeLessThanOrEqual(5);
    expect(kinds).toContain('account-closed');
  });
});
