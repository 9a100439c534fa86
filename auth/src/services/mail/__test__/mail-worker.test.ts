import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import type { Types } from 'mongoose';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { createLogger } from '../../../logger';
import type { MailAttrs, MailRecord } from '../../../models/mail';
import { valueOf } from '../../../test/metrics';
import { until } from '../../../test/process';
import { day, hour, useService } from '../../../test/service';
import { Metrics } from '../../metrics/metrics';
import { MailWorker, type MailWorkerOptions } from '../mail-worker';
import { MailRefusedError, smtp, type Mailer } from '../smtp';

// The service's own worker is not started: each test starts its own workers.
const service = useService({ mailing: 'waiting' });
const workers: MailWorker[] = [];

beforeEach(() => service.mails.deleteMany());
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.stop()));
});

const letter = { subject: 'Hello', text: 'text\n', html: '<p>html</p>' };

/** Starts a worker that sends the same letter for every mail, and returns it with its log. */
function startWorker(send: Mailer['send'], options: Partial<MailWorkerOptions> = {}) {
  const log: Record<string, unknown>[] = [];
  const write = (line: string) => log.push(JSON.parse(line) as Record<string, unknown>);
  const worker = new MailWorker({
    mails: service.mails,
    letters: { write: () => Promise.resolve(letter) } as never,
    mailer: { send, close: () => undefined },
    audit: service.auditTrail,
    logger: createLogger('debug', { write }),
    pollMs: 5,
    ...options,
  });
  workers.push(worker);
  worker.start();
  return { worker, log };
}

async function enqueue(to: string, attrs: Partial<MailAttrs> = {}): Promise<string> {
  const { _id } = await service.mails.build({ kind: 'password-changed', to, ...attrs }, service.now()).save();
  return _id.toHexString();
}

/** Ends the lease of a mail, or the wait for its next attempt. */
const makeDue = (id: string) =>
  service.mails.updateOne({ _id: id, status: 'pending' }, { dueAt: new Date(0) });
const waitOf = async (id: string): Promise<number> =>
  ((await service.mails.findById(id).lean())?.dueAt.getTime() ?? 0) - Date.now();
const statusOf = async (id: string) => (await service.mails.findById(id).lean())?.status;
const refused = (): Promise<void> => Promise.reject(new Error('connection refused'));

describe('the mail worker', () => {
  it('sends each mail once, even with several workers', async () => {
    const sent: string[] = [];
    for (let n = 0; n < 4; n += 1) {
      startWorker((_letter, { to }) => {
        sent.push(to);
        return Promise.resolve();
      });
    }
    const addresses = Array.from({ length: 40 }, (_, n) => `to-${n}@example.com`);
    await Promise.all(addresses.map((to) => enqueue(to)));
    await until(async () => !(await service.mails.exists({ status: 'pending' })));
    expect(sent.sort()).toEqual(addresses.sort());
  });

  it('retries with growing delays and the same Message-ID until the mail server is back', async () => {
    const id = await enqueue('back@example.com');
    const ids: string[] = [];
    const real = smtp({ url: new URL(service.inbox.smtpUrl), from: 'no-reply@ticketing.dev' });
    const { log } = startWorker((sending, envelope) => {
      ids.push(envelope.id);
      return ids.length <= 3 ? refused() : real.send(sending, envelope);
    });
    for (let failed = 1; failed <= 3; failed += 1) {
      await until(() =>
        Promise.resolve(log.filter(({ event }) => event === 'mail_failed').length === failed),
      );
      expect(log.at(-1)).toMatchObject({
        level: 'warn',
        attempts: failed,
        retryInMs: 10_000 * 2 ** (failed - 1),
      });
      await until(async () => (await waitOf(id)) > 0);
      expect(await waitOf(id)).toBeLessThanOrEqual(10_000 * 2 ** (failed - 1));
      await makeDue(id);
    }
    const mail = await service.mailTo('back@example.com');
    expect(mail.messageId).toBe(`<${ids[0] ?? ''}@ticketing.dev>`);
    await until(async () => (await statusOf(id)) === 'sent');
    expect(ids).toHaveLength(4);
    expect(new Set(ids).size).toBe(1);
    real.close();
  });

  it('never uses a Message-ID again for another letter, such as one with a new token', async () => {
    const id = await enqueue('renewed@example.com');
    let tokens = 0;
    const write = () => Promise.resolve({ ...letter, text: `token ${(tokens += 1)}\n` });
    const ids: string[] = [];
    const send: Mailer['send'] = (_letter, envelope) => {
      ids.push(envelope.id);
      return ids.length < 3 ? refused() : Promise.resolve();
    };
    startWorker(send, { letters: { write } as never, firstRetryMs: 1 });
    await until(async () => (await statusOf(id)) === 'sent');
    expect(new Set(ids).size).toBe(3);
  });

  it('counts attempts by their outcome', async () => {
    for (const to of ['sent', 'nobody', 'refused', 'later']) await enqueue(`${to}@example.com`);
    const metrics = new Metrics();
    const write = ({ to }: MailRecord) => Promise.resolve(to.startsWith('nobody') ? undefined : letter);
    const send: Mailer['send'] = (_letter, { to }) => {
      if (to.startsWith('refused')) return Promise.reject(new MailRefusedError('550 no such user'));
      return to.startsWith('later') ? refused() : Promise.resolve();
    };
    startWorker(send, { letters: { write } as never, metrics, firstRetryMs: hour * 1000 });
    const counts = () =>
      Promise.all(
        ['sent', 'dropped', 'failed', 'parked'].map((outcome) =>
          valueOf(metrics, 'auth_mails_total', { outcome }),
        ),
      );
    await until(async () => (await counts()).every((count) => count === 1));
  });

  it('sends another mail if the mail was asked for again while it was being sent', async () => {
    const again = { kind: 'password-reset', to: 'again@example.com' } as const;
    await service.mails.addOrRenew(service.mails.build(again, service.now()), []);
    const written: MailRecord[] = [];
    const write = (mail: MailRecord) => {
      written.push(mail);
      return Promise.resolve(letter);
    };
    let finish: () => void = () => undefined;
    const send: Mailer['send'] = () => new Promise((resolve) => (finish = resolve));
    startWorker(send, { letters: { write } as never });
    await until(() => Promise.resolve(written.length === 1));
    const later = new Date(service.now().getTime() + 1);
    await service.mails.addOrRenew(service.mails.build(again, later), []);
    finish();
    await until(() => Promise.resolve(written.length === 2));
    finish();
    await until(async () => (await service.mails.countDocuments({ status: 'sent' })) === 1);
    expect(written.map(({ createdAt }) => createdAt)[1]).toEqual(later);
    expect(await service.mails.countDocuments()).toBe(1);
  });

  it('sends a mail at once that was asked for again while it waited after a failure', async () => {
    const again = { kind: 'password-reset', to: 'waits-again@example.com' } as const;
    const ask = () => service.mails.addOrRenew(service.mails.build(again, service.now()), []);
    await ask();
    let failing = true;
    const sent: string[] = [];
    startWorker((_letter, { to }) => (failing ? refused() : Promise.resolve(void sent.push(to))), {
      firstRetryMs: hour * 1000,
    });
    await until(async () => (await service.mails.findOne(again).lean())?.retryAt !== undefined);
    failing = false;
    await ask();
    await until(() => Promise.resolve(sent.length === 1));
    await until(async () => (await service.mails.findOne(again).lean())?.status === 'sent');
    expect(await service.mails.findOne(again).lean()).toMatchObject({ attempts: 1 });
  });

  it.each([
    [
      'this version',
      (id: Types.ObjectId) => service.mails.claim(hour * 1000).then((mail) => mail?._id.equals(id)),
    ],
    [
      'the previous version',
      (_id: Types.ObjectId) =>
        service.mails.updateOne(
          { _id },
          { $inc: { attempts: 1 }, $set: { dueAt: new Date(Date.now() + hour * 1000) } },
        ),
    ],
  ])('keeps the lease of a mail that was asked for again while %s sends it', async (_who, claim) => {
    const again = { kind: 'password-reset', to: 'leased@example.com' } as const;
    const ask = () => service.mails.addOrRenew(service.mails.build(again, service.now()), []);
    await ask();
    // An attempt has failed before.
    const failed = await service.mails.claim(hour * 1000);
    if (failed) await service.mails.finish(failed, { status: 'pending', forMs: 0, lastError: 'refused' });
    const { _id } = await service.mails.findOne(again).lean().orFail();
    await claim(_id);
    const leased = await service.mails.findById(_id).lean().orFail();
    await ask();
    const { dueAt, attempts } = leased;
    expect(await service.mails.findById(_id).lean()).toMatchObject({ dueAt, attempts });
    expect(dueAt.getTime()).toBeGreaterThan(Date.now());
    expect(attempts).toBe(2);
  });

  it('S9 sends a mail while the mail server still has the one before', async () => {
    for (let round = 0; round < 20; round += 1) {
      const sent: string[] = [];
      const unanswered: (() => void)[] = [];
      await enqueue(`asked-${round}@example.com`);
      const { worker } = startWorker((_letter, { to }) => {
        sent.push(to);
        return to.startsWith('asked')
          ? new Promise((resolve) => unanswered.push(resolve))
          : Promise.resolve();
      });
      await until(() => Promise.resolve(sent.length === 1));
      const own = await enqueue(`own-${round}@example.com`);
      await until(async () => (await statusOf(own)) === 'sent');
      expect(sent).toEqual([`asked-${round}@example.com`, `own-${round}@example.com`]);
      for (const answer of unanswered) answer();
      await worker.stop();
    }
  });

  it('S9 keeps the place of a mail to nobody for as long as a mail takes', async () => {
    let writtenAt = 0;
    const write = ({ to }: MailRecord) => {
      writtenAt = performance.now();
      return Promise.resolve(to.startsWith('nobody') ? undefined : letter);
    };
    const known = await enqueue('known@example.com');
    const { log } = startWorker(() => new Promise((resolve) => setTimeout(resolve, 300)), {
      letters: { write } as never,
    });
    await until(async () => (await statusOf(known)) === 'sent');
    await enqueue('nobody@example.com');
    await until(() => Promise.resolve(log.some(({ event }) => event === 'mail_dropped')));
    expect(performance.now() - writtenAt).toBeGreaterThan(290);
  });

  it('parks a mail that keeps failing, and logs an error', async () => {
    const id = await enqueue('parked@example.com');
    const { log } = startWorker(refused);
    const parked = () => log.find(({ event }) => event === 'mail_parked');
    await until(async () => {
      await makeDue(id);
      return parked() !== undefined;
    });
    expect(parked()).toMatchObject({ level: 'error', mailId: id, attempts: 12 });
    await until(async () => (await statusOf(id)) === 'parked');
    expect(await service.mails.findById(id).lean()).toMatchObject({ lastError: 'connection refused' });
  });

  it('parks a mail whose last attempt never ended, because the mail may have crashed its process', async () => {
    const id = await enqueue('deadly@example.com');
    await service.mails.updateOne({ _id: id }, { attempts: 12 });
    const sent: string[] = [];
    const { log } = startWorker((_letter, { to }) => Promise.resolve(void sent.push(to)));
    await until(async () => (await statusOf(id)) === 'parked');
    expect(sent).toEqual([]);
    expect(log).toContainEqual(expect.objectContaining({ level: 'error', event: 'mail_parked' }));
  });

  it('parks a mail at once if the server refuses the address for good', async () => {
    const id = await enqueue('nobody@example.com', { kind: 'signup' });
    const { log } = startWorker(() => Promise.reject(new MailRefusedError('550 no such mailbox')));
    await until(async () => (await statusOf(id)) === 'parked');
    expect(log).toContainEqual(
      expect.objectContaining({ level: 'warn', event: 'mail_parked', mailId: id, attempts: 1 }),
    );
    await service.auditTrail.flush();
    const told = { action: 'mail-parked', outcome: 'success', detail: 'signup' } as const;
    expect(await service.audit.findOne(told).lean()).toMatchObject(told);
    const kept = await service.mails.findById(id).lean();
    expect(kept).toMatchObject({ lastError: '550 no such mailbox' });
  });

  it('takes over the mail of a dead process once its lease has ended', async () => {
    const id = await enqueue('orphan@example.com');
    const died = await service.mails.claim(hour * 1000);
    expect(died).toMatchObject({ attempts: 1 });
    const sent: string[] = [];
    let finish: () => void = () => undefined;
    startWorker((_letter, { to }) => {
      sent.push(to);
      return new Promise((resolve) => (finish = resolve));
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(sent).toEqual([]);
    await makeDue(id);
    await until(() => Promise.resolve(sent.length > 0));
    // If the first process was not dead after all, its result no longer counts, because it has lost the lease.
    if (died) await service.mails.finish(died, { status: 'parked', lastError: 'late', forMs: hour * 1000 });
    expect(await service.mails.findById(id).lean()).toMatchObject({ status: 'pending', attempts: 2 });
    finish();
    await until(async () => (await statusOf(id)) === 'sent');
    expect(sent).toEqual(['orphan@example.com']);
  });

  it('sends parked mails again after the command in the runbook', async () => {
    const id = await enqueue('patient@example.com');
    startWorker(() => Promise.reject(new MailRefusedError('550 no such mailbox')));
    await until(async () => (await statusOf(id)) === 'parked');
    await Promise.all(workers.splice(0).map((worker) => worker.stop()));

    const runbook = readFileSync('docs/accounts.md', 'utf8');
    const [command = ''] = /db\.mails\.updateMany\(.*\)/.exec(runbook) ?? [];
    await runInNewContext(command, { Date, db: { mails: service.mails.collection } });
    expect(await service.mails.findById(id).lean()).toMatchObject({ status: 'pending', attempts: 0 });
    expect(await service.mails.findById(id).lean()).not.toHaveProperty('expiresAt');
    startWorker(() => Promise.resolve());
    await until(async () => (await statusOf(id)) === 'sent');
  });

  it('keeps a sent mail for seven days', async () => {
    const id = await enqueue('waits@example.com', { kind: 'signup' });
    startWorker(() => Promise.resolve());
    await until(async () => (await statusOf(id)) === 'sent');
    const kept = await service.mails.findById(id).lean();
    expect(kept?.expiresAt?.getTime()).toBeGreaterThan(service.now().getTime() + 6 * day * 1000);
  });

  it('S60 sends five mails at the same time, and no more', async () => {
    await Promise.all(Array.from({ length: 12 }, (_, n) => enqueue(`one-of-many-${n}@example.com`)));
    const answers: (() => void)[] = [];
    let most = 0;
    let sent = 0;
    startWorker(() => {
      most = Math.max(most, answers.length + 1);
      return new Promise((resolve) => answers.push(resolve));
    });
    while (sent < 12) {
      await until(() => Promise.resolve(answers.length === Math.min(5, 12 - sent)));
      answers.shift()?.();
      sent += 1;
    }
    expect(most).toBe(5);
  });

  it('S60 writes one link for each attempt, twelve for a mail at most', async () => {
    const id = await enqueue('linked@example.com');
    let links = 0;
    const write = () => {
      links += 1;
      return Promise.resolve(letter);
    };
    startWorker(refused, { letters: { write } as never, firstRetryMs: 0 });
    await until(async () => (await statusOf(id)) === 'parked');
    expect(links).toBe(12);
  });

  it('finishes the mail in progress when it stops, and starts no other', async () => {
    await enqueue('first@example.com');
    await enqueue('second@example.com');
    let finish: () => void = () => undefined;
    const sent: string[] = [];
    const send: Mailer['send'] = (_letter, { to }) => {
      sent.push(to);
      return new Promise((resolve) => (finish = resolve));
    };
    const { worker } = startWorker(send, { places: 1 });
    await until(() => Promise.resolve(sent.length === 1));
    const stopped = worker.stop();
    finish();
    await stopped;
    expect(sent).toHaveLength(1);
    expect(await service.mails.countDocuments({ status: 'pending' })).toBe(1);
  });

  it('survives a database failure', async () => {
    const claim = jest.spyOn(service.mails, 'claim').mockRejectedValueOnce(new Error('no primary'));
    const sent: string[] = [];
    const { log } = startWorker((_letter, { to }) => Promise.resolve(void sent.push(to)));
    await enqueue('after@example.com');
    await until(() => Promise.resolve(sent.length === 1));
    expect(log).toContainEqual(expect.objectContaining({ level: 'warn', event: 'outbox_not_read' }));
    claim.mockRestore();
  });
});

describe('smtp', () => {
  const servers: SMTPServer[] = [];
  const mailers: Mailer[] = [];
  afterEach(async () => {
    for (const mailer of mailers.splice(0)) mailer.close();
    for (const server of servers.splice(0)) {
      await new Promise<void>((closed) => {
        server.close(closed);
      });
    }
  });

  /** Sends a letter through a mail server with the given behaviour. */
  async function sending(behaviour: SMTPServerOptions, maxMs?: number, query = ''): Promise<void> {
    const server = new SMTPServer({ disabledCommands: ['STARTTLS'], allowInsecureAuth: true, ...behaviour });
    servers.push(server);
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    const { port } = server.server.address() as { port: number };
    const url = new URL(`smtp://mailer:hush%21@127.0.0.1:${port}${query}`);
    const limit = maxMs === undefined ? {} : { maxMs };
    const mailer = smtp({ url, from: 'no-reply@ticketing.dev', ...limit });
    mailers.push(mailer);
    await mailer.send(letter, { to: 'x@example.com', id: '1', inBacklog: false });
  }
  const refusal = (responseCode: number, message = '5.1.1 no such mailbox'): Error =>
    Object.assign(new Error(message), { responseCode });
  const acceptAuth: SMTPServerOptions['onAuth'] = ({ username }, _session, done) => {
    done(null, { user: username });
  };

  it('signs in to the mail server', async () => {
    const seen: unknown[] = [];
    await sending({
      onAuth: (auth, session, done) => {
        seen.push([auth.username, auth.password]);
        acceptAuth(auth, session, done);
      },
    });
    expect(seen).toEqual([['mailer', 'hush!']]);
  });

  describe('over TLS', () => {
    /** A mail server that records what it receives, and whether it came over TLS. */
    const recorder = (offered: boolean): { behaviour: SMTPServerOptions; received: string[] } => {
      const received: string[] = [];
      const behaviour: SMTPServerOptions = {
        disabledCommands: offered ? [] : ['STARTTLS'],
        // Silences the warning about its self-signed certificate, which these tests want.
        logger: false,
        onAuth: (auth, session, done) => {
          received.push(session.secure ? 'sign-in over TLS' : 'sign-in');
          acceptAuth(auth, session, done);
        },
        onData: (stream, session, done) => {
          received.push(session.secure ? 'mail over TLS' : 'mail');
          stream.resume().on('end', done);
        },
      };
      return { behaviour, received };
    };

    it('sends nothing if TLS is required and the server does not offer it', async () => {
      const { behaviour, received } = recorder(false);
      await expect(sending(behaviour, undefined, '?requireTLS=true')).rejects.toThrow();
      expect(received).toEqual([]);
    });

    it('sends everything over TLS if the server offers it', async () => {
      const { behaviour, received } = recorder(true);
      await sending(behaviour, undefined, '?tls.rejectUnauthorized=false');
      expect(received).toEqual(['sign-in over TLS', 'mail over TLS']);
    });

    it('sends nothing if the certificate cannot be verified', async () => {
      const { behaviour, received } = recorder(true);
      await expect(sending(behaviour)).rejects.toThrow('certificate');
      expect(received).toEqual([]);
    });
  });

  const refusing = (error: Error): Record<string, SMTPServerOptions> => ({
    'the recipient': {
      onAuth: acceptAuth,
      onRcptTo: (_address, _session, done) => {
        done(error);
      },
    },
    'the mail': {
      onAuth: acceptAuth,
      onData: (stream, _session, done) => {
        stream.resume().on('end', () => {
          done(error);
        });
      },
    },
    'the sender': {
      onAuth: acceptAuth,
      onMailFrom: (_address, _session, done) => {
        done(error);
      },
    },
    'the sign-in': {
      onAuth: (_auth, _session, done) => {
        done(error);
      },
    },
    'the connection': {
      onConnect: (_session, done) => {
        done(error);
      },
    },
  });

  it.each(['the recipient', 'the mail'])('reports a refused address with the reason: %s', async (what) => {
    const forGood = sending(refusing(refusal(550))[what] ?? {});
    await expect(forGood).rejects.toThrow(MailRefusedError);
    await expect(forGood).rejects.toThrow('no such mailbox');
    await expect(forGood).rejects.not.toThrow('hush');
  });

  it.each([
    ['the recipient', refusal(450, '4.1.1 not yet')],
    ['the recipient', refusal(554, '5.7.1 relay access denied')],
    ['the recipient', refusal(550, 'no')],
    ['the mail', refusal(554, '5.3.4 over quota')],
    ['the sender', refusal(550, '5.1.8 bad sender')],
    ['the sign-in', refusal(535, '5.7.8 who are you')],
    ['the connection', refusal(554, '5.7.1 go away')],
  ])('treats any other refusal as temporary, not as a refused address: %s, %s', async (what, error) => {
    const sent = sending(refusing(error)[what] ?? {});
    await expect(sent).rejects.toThrow();
    await expect(sent).rejects.not.toThrow(MailRefusedError);
  });

  it('ends an attempt with a server that never responds', async () => {
    const silent: SMTPServerOptions = { onAuth: acceptAuth, onData: (stream) => void stream.resume() };
    await expect(sending(silent, 300)).rejects.toThrow();
  });
});
