import type { mailKinds } from '../../../models/mail';
import { mailsPerSlot } from '../../../models/mail-slot';
import { password, useService } from '../../../test/service';

// A cool-down holds however often somebody asks. Limits would end that sooner.
const rates = {
  mailRecipientNetwork: '1000/1m',
  mailRecipient: '1000/1m',
  mailAccount: '1000/1m',
  passwordAccount: '1000/1m',
};
const service = useService({ mailing: 'waiting', coolDownSeconds: 60, rates });
const verifyFirst = useService({
  mailing: 'waiting',
  coolDownSeconds: 60,
  signupMode: 'verify-first',
  rates,
});

type Browser = ReturnType<typeof service.browser>;

beforeEach(() => Promise.all([service.mails.deleteMany(), service.mailSlots.deleteMany()]));
afterEach(() => service.worker?.stop());

const reset = (email: string) => service.api().post('/api/users/password-reset').send({ email });
const pending = (to: string) => service.mails.find({ to, status: 'pending' }).lean();
/** Ends every cool-down, as time does. */
const coolDownEnds = () =>
  service.mailSlots.updateMany({}, { $set: { 'takers.$[].until': new Date(), freeAt: new Date() } });

/** Each prepares a request for a mail that can be repeated, and returns a function that sends it. */
const requests: Record<string, (email: string) => Promise<() => PromiseLike<{ status: number }>>> = {
  'a password reset': (email) => Promise.resolve(() => reset(email)),
  'a verification': async (email) => {
    const browser = await service.signedUp(email);
    await coolDownEnds();
    await service.mails.deleteMany();
    return () => browser.post('/api/users/email-verification').send({});
  },
  'a change of address': async (email) => {
    const browser = await service.signedUp(`from-${email}`);
    return () => browser.put('/api/users/me/email').send({ email, password });
  },
};

describe('S60 F12 mails that somebody asks for', () => {
  it.each(Object.entries(requests))('are one for each address at most, for %s', async (what, prepare) => {
    const email = `${what.replaceAll(' ', '-')}@example.com`;
    const ask = await prepare(email);
    const answers = await Promise.all(Array.from({ length: 5 }, ask));
    expect(answers.map(({ status }) => status)).toEqual(Array(5).fill(202));
    expect(await pending(email)).toHaveLength(1);
    expect((await ask()).status).toBe(202);
    expect(await pending(email)).toHaveLength(1);
  });

  it('are one for each address at most, for a verify-first sign-up', async () => {
    const signUp = () =>
      verifyFirst.api().post('/api/users/signup').send({ email: 'first@example.com', password });
    const answers = await Promise.all(Array.from({ length: 20 }, signUp));
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(202));
    expect(await verifyFirst.mails.countDocuments()).toBe(1);
  });

  it('are one while the mail waits, even after the cool-down, and the last request counts', async () => {
    const to = 'patience@example.com';
    await reset(to).expect(202);
    const [first] = await pending(to);
    await coolDownEnds();
    await reset(to).expect(202);
    const [waiting, ...others] = await pending(to);
    expect(waiting?._id).toEqual(first?._id);
    expect(waiting?.createdAt.getTime()).toBeGreaterThan(first?.createdAt.getTime() ?? Infinity);
    expect(others).toEqual([]);
  });

  it('are one for each account: the request of a stranger neither replaces nor suppresses mine', async () => {
    const to = 'shared@example.com';
    const [mine, stranger] = [
      await service.signedUp('mine@example.com'),
      await service.signedUp('s@example.com'),
    ];
    const ask = (browser: typeof mine) =>
      browser.put('/api/users/me/email').send({ email: to, password }).expect(202);
    await ask(stranger);
    await ask(mine);
    const first = await pending(to);
    await coolDownEnds();
    await ask(mine);
    await ask(stranger);
    const users = await service.users.find({ pendingEmail: to }).lean();
    const waiting = await pending(to);
    expect(waiting.map(({ user }) => String(user)).sort()).toEqual(
      users.map(({ _id }) => String(_id)).sort(),
    );
    expect(waiting.map(({ _id }) => _id)).toEqual(first.map(({ _id }) => _id));
  });

  it('are five for each address and cool-down, whatever number of accounts asks', async () => {
    const to = 'flooded@example.com';
    const browsers = await Promise.all(
      Array.from({ length: 8 }, (_, n) => service.signedUp(`flooding-${n}@example.com`)),
    );
    const ask = async () => {
      for (const browser of browsers)
        await browser.put('/api/users/me/email').send({ email: to, password }).expect(202);
    };
    await ask();
    await ask();
    expect(await pending(to)).toHaveLength(mailsPerSlot);
    expect((await service.mailSlots.find({ asked: 16 }).lean())[0]?.takers).toHaveLength(mailsPerSlot);
    await service.mails.deleteMany();
    await coolDownEnds();
    await browsers.at(-1)?.put('/api/users/me/email').send({ email: to, password }).expect(202);
    expect(await pending(to)).toHaveLength(1);
  });

  it('need one slot for each kind and address, without the address in it, which MongoDB deletes after the cool-down', async () => {
    for (let n = 0; n < 5; n += 1) await reset('stored@example.com').expect(202);
    const slots = await service.mailSlots.find().lean();
    expect(slots).toEqual([
      {
        _id: expect.stringMatching(/^[0-9a-f]{64}$/),
        takers: [{ by: expect.stringMatching(/^[0-9a-f]{64}$/), until: expect.any(Date) }],
        granted: false,
        freeAt: expect.any(Date),
        asked: 5,
        refusedAt: expect.any(Date),
      },
    ]);
    const waitMs = (slots[0]?.freeAt.getTime() ?? 0) - Date.now();
    expect(waitMs).toBeGreaterThan(30_000);
    expect(waitMs).toBeLessThanOrEqual(60_000);
    const indexes = await service.mailSlots.collection.indexes();
    expect(indexes).toContainEqual(expect.objectContaining({ key: { freeAt: 1 }, expireAfterSeconds: 0 }));
  });
});

describe('a cool-down', () => {
  it('sends one mail, whose link stays good, and ends by itself', async () => {
    const email = 'patient@example.com';
    await service.signedUp(email);
    service.worker?.start();
    await reset(email).expect(202);
    const token = await service.tokenTo(email, 'Reset');
    await service.mailSettled();
    await reset(email).expect(202);
    expect(await pending(email)).toEqual([]);
    const chosen = { token, password: 'another good password' };
    await service.api().post('/api/users/password-reset/confirm').send(chosen).expect(204);
    await coolDownEnds();
    await reset(email).expect(202);
    expect(await service.tokenTo(email, 'Reset')).not.toBe(token);
  });

  it('counts for one kind of mail and one address', async () => {
    const browser = await service.signedUp('several@example.com');
    await reset('several@example.com').expect(202);
    await reset('another@example.com').expect(202);
    await browser.put('/api/users/me/email').send({ email: 'several-to@example.com', password }).expect(202);
    const queued = await service.mails.find().lean();
    expect(queued.map(({ kind, to }) => `${kind} ${to}`).sort()).toEqual([
      'email-change several-to@example.com',
      'email-change-notice several@example.com',
      'password-reset another@example.com',
      'password-reset several@example.com',
      'verification several@example.com',
    ]);
  });

  it('ends where an event ends the link: a change back to an address gets a mail at once', async () => {
    const browser = await service.signedUp('undecided@example.com');
    const change = (email: string) =>
      browser.put('/api/users/me/email').send({ email, password }).expect(202);
    await change('chosen@example.com');
    await service.mails.updateMany({}, { status: 'sent' });
    await change('briefly@example.com');
    await change('chosen@example.com');
    await change('chosen@example.com');
    const [waiting, ...others] = await pending('chosen@example.com');
    const { ended } = await service.users.findOne({ email: 'undecided@example.com' }).lean().orFail();
    expect(waiting).toMatchObject({ epoch: ended?.['email-change']?.count });
    expect(others).toEqual([]);
  });

  it.each<[string, (email: string, browser: Browser) => Promise<unknown>]>([
    [
      'declined',
      async (email) => {
        service.worker?.start();
        const token = await service.tokenTo(email, 'Verify');
        await service.worker?.stop();
        await service.api().post('/api/users/email-verification/decline').send({ token }).expect(204);
      },
    ],
    ['closed', (_email, browser) => browser.delete('/api/users/me').send({ password }).expect(204)],
  ])('does not hold up the mail of a new account with an address that was %s', async (what, end) => {
    const email = `${what}@example.com`;
    await end(email, await service.signedUp(email));
    await service.mails.deleteMany();
    await service.signedUp(email);
    expect(await pending(email)).toMatchObject([{ kind: 'verification' }]);
  });

  it('does not stop what the service itself sends', async () => {
    const email = 'taken-over@example.com';
    const browser = await service.signedUp(email);
    service.worker?.start();
    await browser.put('/api/users/me/email').send({ email: 'thief@example.com', password }).expect(202);
    const undo = await service.tokenTo(email, 'being changed');
    await reset(email).expect(202);
    await service.tokenTo(email, 'Reset');
    await service.api().post('/api/users/email-verification/confirm').send({ token: undo }).expect(200);
    const token = await service.tokenTo(email, 'Reset');
    const chosen = { token, password: 'another good password' };
    await service.api().post('/api/users/password-reset/confirm').send(chosen).expect(204);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['was never stored, because its process died', () => service.mails.deleteMany()],
    ['was parked', () => service.mails.updateMany({}, { status: 'parked' })],
  ])('ends too where the mail %s', async (_what, loseMail) => {
    await reset('unlucky@example.com').expect(202);
    await loseMail();
    await reset('unlucky@example.com').expect(202);
    expect(await pending('unlucky@example.com')).toHaveLength(0);
    await coolDownEnds();
    await reset('unlucky@example.com').expect(202);
    expect(await pending('unlucky@example.com')).toHaveLength(1);
  });

  it('does not fail requests that take the same slot at once, in transactions and outside of them', async () => {
    for (let round = 0; round < 5; round += 1) {
      const email = `crowd-${round}@example.com`;
      const browsers = await Promise.all(
        Array.from({ length: 5 }, (_, n) => service.signedUp(`${n}-${email}`)),
      );
      const changes = browsers.map((browser) => browser.put('/api/users/me/email').send({ email, password }));
      const others = Array.from({ length: 5 }, (_, n) => take('email-change', email, `other ${n}`));
      const answers = await Promise.all([Promise.all(changes), Promise.all(others)]);
      expect(answers[0].map(({ status }) => status)).toEqual(Array(5).fill(202));
      const taken = answers[1].filter(Boolean).length;
      expect(taken + (await pending(email)).length).toBe(mailsPerSlot);
    }
  });

  it('S9 makes the same number of writes whether or not it stops a mail', async () => {
    const db = service.connection.getClient().db(service.connection.name);
    const profile = db.collection('system.profile');
    const writesOf = async (): Promise<number> => {
      await db.command({ profile: 2 });
      await reset('profiled@example.com').expect(202);
      await db.command({ profile: 0 });
      const written = { $or: [{ nModified: 1 }, { nUpserted: 1 }] };
      const count = await profile.countDocuments({ ns: /\.mail(s|slots)$/, ...written });
      await profile.drop();
      return count;
    };
    expect([await writesOf(), await writesOf(), await writesOf()]).toEqual([2, 2, 2]);
    expect(await pending('profiled@example.com')).toHaveLength(1);
  });
});

const take = (kind: (typeof mailKinds)[number], to: string, about: string): Promise<boolean> =>
  service.mailSlots.take({ kind, to, about }, 60);
