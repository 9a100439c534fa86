import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { createLogger } from '../../../logger';
import { until } from '../../../test/process';
import { password, useService } from '../../../test/service';
import { mailsPerSlot } from '../../../models/mail-slot';
import { MailWorker } from '../mail-worker';
import { smtp } from '../smtp';

// The service's own worker is not started: each test starts a worker with a mail server of its own.
const service = useService({ mailing: 'waiting' });
// The limits would end a flood sooner than the cool-down.
const rates = { mailRecipientNetwork: '1000/1m', mailRecipient: '1000/1m' };
const cooling = useService({ mailing: 'waiting', coolDownSeconds: 60, rates });
const closingAtOnce = useService({
  mailing: 'waiting',
  coolDownSeconds: 60,
  closedAccountSeconds: 0,
  rates,
});
const ends: (() => Promise<unknown>)[] = [];

beforeEach(() => service.mails.deleteMany());
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

type Handling = NonNullable<SMTPServerOptions['onRcptTo']>;

/** A mail server that treats each recipient in the given way; it lists whom it has accepted mail for. */
async function mailServer(onRcptTo: Handling) {
  const accepted: string[] = [];
  let connections = 0;
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS', 'AUTH'],
    disableReverseLookup: true,
    closeTimeout: 100,
    onConnect: (_session, done) => {
      connections += 1;
      done();
    },
    onRcptTo,
    onData: (stream, { envelope }, done) => {
      stream.resume().on('end', () => {
        accepted.push(...envelope.rcptTo.map(({ address }) => address));
        done();
      });
    },
  });
  // Attempts are cut off at the end of a test.
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.server.address() as { port: number };
  ends.push(
    () =>
      new Promise<void>((resolve) => {
        server.close(resolve);
      }),
  );
  return { accepted, connections: () => connections, url: new URL(`smtp://127.0.0.1:${port}`) };
}

function startWorker(url: URL, maxMs = 30_000): void {
  const worker = new MailWorker({
    mails: service.mails,
    letters: {
      write: () => Promise.resolve({ subject: 'Hello', text: 'text\n', html: '<p>html</p>' }),
    } as never,
    mailer: smtp({ url, from: 'no-reply@ticketing.dev', maxMs }),
    audit: service.auditTrail,
    logger: createLogger('silent'),
    pollMs: 10,
    firstRetryMs: 100,
  });
  // Before the server closes, which waits for its connections.
  ends.unshift(() => worker.stop());
  worker.start();
}

/** Queues mails as another process would, which has its own lanes. */
async function flood(count: number, toOf: (n: number) => string): Promise<void> {
  const mail = { kind: 'email-change-notice', status: 'pending', attempts: 0, lane: Math.random() };
  const dates = { dueAt: new Date(0), createdAt: new Date() };
  await service.mails.collection.insertMany(
    Array.from({ length: count }, (_, n) => ({ ...mail, ...dates, to: toOf(n) })),
  );
}

const slowly: Handling = (_address, _session, done) => void setTimeout(done, 200);
const reset = (email: string) => service.api().post('/api/users/password-reset').send({ email }).expect(202);
const arrives = (accepted: string[], to: string, maxMs?: number) =>
  until(() => Promise.resolve(accepted.includes(to)), maxMs);

describe('the mail of somebody else', () => {
  it('does not wait behind 2,000 mails of one account, with a mail server that takes 200 ms for each', async () => {
    await flood(2000, () => 'flooded@example.com');
    const { accepted, url } = await mailServer(slowly);
    startWorker(url);
    await arrives(accepted, 'flooded@example.com');
    await reset('single@example.com');
    await arrives(accepted, 'single@example.com', 10_000);
    expect(accepted.length).toBeLessThan(200);
  });

  it('does not wait for mails that the server never answers, as long as there is a place', async () => {
    const { accepted, url } = await mailServer(({ address }, _session, done) => {
      if (!address.startsWith('hangs')) done();
    });
    await flood(4, (n) => `hangs-${n}@example.com`);
    startWorker(url, 8000);
    await until(async () => (await service.mails.countDocuments({ attempts: 1 })) === 4);
    for (let n = 0; n < 20; n += 1) await reset(`passes-${n}@example.com`);
    await until(() => Promise.resolve(accepted.length === 20), 10_000);
    await until(async () => (await service.mails.countDocuments({ status: 'pending' })) === 4);
  });

  it('is sent after the server has ended its silence', async () => {
    let hangs = true;
    const { accepted, url } = await mailServer((_address, _session, done) => {
      if (!hangs) done();
    });
    startWorker(url, 3000);
    for (let n = 0; n < 10; n += 1) await reset(`silence-${n}@example.com`);
    await until(async () => (await service.mails.countDocuments({ attempts: 1 })) >= 5);
    hangs = false;
    await until(() => Promise.resolve(accepted.length === 10));
    await until(async () => (await service.mails.countDocuments({ status: 'sent' })) === 10);
  });
});

describe('a mail server', () => {
  it('that refuses each new address at first (greylisting) gets each mail once', async () => {
    const seen = new Set<string>();
    const { accepted, url } = await mailServer(({ address }, _session, done) => {
      const isNew = !seen.has(address);
      seen.add(address);
      done(isNew ? Object.assign(new Error('4.7.1 greylisted'), { responseCode: 451 }) : null);
    });
    const addresses = Array.from({ length: 30 }, (_, n) => `grey-${n}@example.com`);
    for (const address of addresses) await reset(address);
    startWorker(url);
    await until(async () => !(await service.mails.exists({ status: 'pending' })));
    expect(accepted.sort()).toEqual(addresses.sort());
  });

  it('gets several mails at the same time, and those of a backlog over a few connections', async () => {
    let inProgress = 0;
    let most = 0;
    const { accepted, url, connections } = await mailServer((_address, _session, done) => {
      most = Math.max(most, (inProgress += 1));
      setTimeout(() => {
        inProgress -= 1;
        done();
      }, 50);
    });
    const count = 160;
    await flood(count, (n) => `many-${n}@example.com`);
    startWorker(url);
    await until(() => Promise.resolve(accepted.length === count));
    expect(most).toBeGreaterThan(1);
    // The first hundred have one each.
    expect(connections()).toBeLessThan(120);
  });
});

describe('a claim', () => {
  const claimed = async (count: number): Promise<string[]> => {
    const addresses: string[] = [];
    for (let n = 0; n < count; n += 1) addresses.push((await service.mails.claim(60_000))?.to ?? 'none');
    return addresses;
  };

  it('gives each account the same chance, however many mails it has and however close the lanes are', async () => {
    const mail = { kind: 'password-changed' as const, to: 'x@example.com' };
    for (let n = 0; n < 100; n += 1) await service.mails.build({ ...mail, lane: 0.5 }, new Date()).save();
    await service.mails
      .build({ kind: 'password-changed', to: 'other@example.com', lane: 0.500001 }, new Date())
      .save();
    expect(await claimed(40)).toContain('other@example.com');
  });

  it('finds the mails of the previous version, which have no lane', async () => {
    await flood(50, () => 'flooded@example.com');
    await service.mails.build({ kind: 'password-changed', to: 'old@example.com' }, new Date()).save();
    expect((await claimed(52)).sort().slice(-3)).toEqual(['flooded@example.com', 'none', 'old@example.com']);
  });

  it('leaves alone a kind that only a newer version knows', async () => {
    await service.mails.collection.insertOne(
      {
        kind: 'of-tomorrow',
        to: 'new@example.com',
        status: 'pending',
        attempts: 0,
        dueAt: new Date(0),
        createdAt: new Date(),
      },
      { bypassDocumentValidation: true },
    );
    expect(await claimed(1)).toEqual(['none']);
    expect(await service.mails.findOne({ to: 'new@example.com' }).lean()).toMatchObject({ attempts: 0 });
  });
});

describe('S60 notices to an address that is not verified', () => {
  it('are one of each kind for an account in a cool-down, and the first one is sent', async () => {
    const email = 'opened-by-a-stranger@example.com';
    const browser = await cooling.signedUp(email);
    let secret = password;
    for (let n = 0; n < 5; n += 1) {
      const next = `the password number ${n}`;
      const change = { currentPassword: secret, password: (secret = next) };
      await browser.put('/api/users/me/password').send(change).expect(204);
      const to = { email: `to-${n}@example.com`, password: secret };
      await browser.put('/api/users/me/email').send(to).expect(202);
      // The worker is faster than the stranger.
      await cooling.mails.updateMany({}, { status: 'sent' });
    }
    const mails = await cooling.mails.find({ to: email }).lean();
    expect(mails.map(({ kind, newEmail }) => [kind, newEmail].join(' ').trim()).sort()).toEqual([
      'email-change-notice to-0@example.com',
      'password-changed',
      'verification',
    ]);
  });

  it.each([
    ['is kept for a time', cooling],
    ['is deleted at once', closingAtOnce],
  ])('are five of each kind, however often an account is opened and closed that %s', async (_what, of) => {
    const email = 'opened-and-closed@example.com';
    for (let n = 0; n < mailsPerSlot + 3; n += 1) {
      const browser = await of.signedUp(email);
      await browser.delete('/api/users/me').send({ password }).expect(204);
      await of.mails.updateMany({ to: email }, { status: 'sent' });
    }
    expect(await of.mails.countDocuments({ to: email, kind: 'account-closed' })).toBe(mailsPerSlot);
    expect(await of.mails.countDocuments({ to: email })).toBeLessThanOrEqual(2 * mailsPerSlot);
  });
});

describe('S62 notices to the verified address of an account', () => {
  /** An account with a verified address; somebody else knows its password. */
  async function verified(name: string) {
    const email = `${name}@example.com`;
    const browser = await cooling.signedUp(email);
    await cooling.users.updateOne({ email }, { emailVerified: true });
    await cooling.mails.deleteMany();
    const change = (to: string) =>
      browser.put('/api/users/me/email').send({ email: to, password }).expect(202);
    const notices = (status: 'pending' | 'sent') =>
      cooling.mails.find({ to: email, kind: 'email-change-notice', status }).lean();
    return { email, browser, change, notices };
  }

  it('are one while it waits, which covers all changes from the first, and another one after it was sent', async () => {
    const { email, change, notices } = await verified('robbed');
    await change('one@example.com');
    const { version } = await cooling.users.findOne({ email }).lean().orFail();
    await change('two@example.com');
    await change('three@example.com');
    expect(await notices('pending')).toMatchObject([{ version, newEmail: 'three@example.com' }]);
    await cooling.mails.updateMany({}, { status: 'sent' });
    for (let n = 0; n < 3; n += 1) await change(`later-${n}@example.com`);
    expect(await notices('pending')).toMatchObject([{ newEmail: 'later-2@example.com' }]);
    expect(await notices('sent')).toHaveLength(1);
  });

  it('have a link that undoes the whole chain of changes', async () => {
    const { email, browser, change } = await verified('chained');
    await change('chained-thief@example.com');
    await change('chained-next@example.com');
    cooling.worker?.start();
    const undo = await cooling.tokenTo(email, 'being changed');
    const confirm = (token: string) => browser.post('/api/users/email-verification/confirm').send({ token });
    await confirm(await cooling.tokenTo('chained-next@example.com', 'Confirm')).expect(200);
    await change('chained-last@example.com');
    const thiefUndo = await cooling.tokenTo('chained-next@example.com', 'being changed');
    await cooling.worker?.stop();
    expect((await confirm(undo).expect(200)).body).toMatchObject({ email });
    await confirm(thiefUndo).expect(400);
  });

  it('are not merged into one whose change is undone already, for that one is not sent', async () => {
    const { email, change, notices } = await verified('again');
    await change('again-one@example.com');
    const [first] = await notices('pending');
    const version = first?.version ?? 0;
    const dates = { fromDate: new Date(), toDate: new Date() };
    // As an undo leaves the account, whose process dies before it deletes the mail.
    const undone = [{ from: version, to: version, ...dates }];
    await cooling.users.updateOne({ email }, { $set: { undone } });
    await change('again-two@example.com');
    expect(await notices('pending')).toMatchObject([{ version: version + 1 }]);
  });
});
