import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { createLogger } from '../../logger';
import type { MailAttrs } from '../../models/mail';
import { until } from '../../test/process';
import { day, hour, useService } from '../../test/service';
import { MailWorker } from '../mail-worker';
import { MailRefusedError, smtp, type SendMail } from '../smtp';

// The service's own worker rests: each test has workers of its own.
const service = useService({ mailing: 'waiting' });
const workers: MailWorker[] = [];

beforeEach(() => service.mails.deleteMany());
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.stop()));
});

const letter = { subject: 'Hello', text: 'text\n', html: '<p>html</p>' };

/** A worker whose letters are all alike, with the log that it writes. */
function startWorker(send: SendMail, pollMs = 5) {
  const log: Record<string, unknown>[] = [];
  const write = (line: string) => log.push(JSON.parse(line) as Record<string, unknown>);
  const worker = new MailWorker({
    mails: service.mails,
    letters: { write: () => Promise.resolve(letter) } as never,
    send,
    logger: createLogger('debug', { write }),
    now: service.now,
    pollMs,
  });
  workers.push(worker);
  worker.start();
  return { worker, log };
}

async function enqueue(to: string, attrs: Partial<MailAttrs> = {}): Promise<string> {
  const { _id } = await service.mails.build({ kind: 'password-changed', to, ...attrs }, service.now()).save();
  return _id.toHexString();
}

const statusOf = async (id: string) => (await service.mails.findById(id).lean())?.status;
const refused = (): Promise<void> => Promise.reject(new Error('connection refused'));

describe('the mail worker', () => {
  it('sends each mail once, however many workers there are', async () => {
    const sent: string[] = [];
    for (let n = 0; n < 4; n += 1) {
      startWorker((_letter, { id }) => {
        sent.push(id);
        return Promise.resolve();
      });
    }
    const ids = await Promise.all(Array.from({ length: 40 }, (_, n) => enqueue(`to-${n}@example.com`)));
    await until(async () => !(await service.mails.exists({ status: 'pending' })));
    expect(sent.sort()).toEqual(ids.sort());
  });

  it('tries again, later and later, with the same Message-ID, until the mail server is back', async () => {
    const id = await enqueue('back@example.com');
    let tries = 0;
    const real = smtp({ url: new URL(service.inbox.smtpUrl), from: 'no-reply@ticketing.dev' });
    const { log } = startWorker((...args) => {
      tries += 1;
      return tries <= 3 ? refused() : real(...args);
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
      service.advance((10 * 2 ** failed) / 2);
    }
    const mail = await service.mailTo('back@example.com');
    expect(mail.messageId).toBe(`<${id}@ticketing.dev>`);
    await until(async () => (await statusOf(id)) === 'sent');
    expect(tries).toBe(4);
  });

  it('parks a mail that keeps failing, and says so at error', async () => {
    const id = await enqueue('parked@example.com');
    const { log } = startWorker(refused);
    const parked = () => log.find(({ event }) => event === 'mail_parked');
    await until(() => {
      service.advance(2 * hour);
      return Promise.resolve(parked() !== undefined);
    });
    expect(parked()).toMatchObject({ level: 'error', mailId: id, attempts: 12 });
    await until(async () => (await statusOf(id)) === 'parked');
    expect(await service.mails.findById(id).lean()).toMatchObject({ lastError: 'connection refused' });
  });

  it('parks a mail whose last try came to no end, for that try may have ended its process', async () => {
    const id = await enqueue('deadly@example.com');
    await service.mails.updateOne({ _id: id }, { attempts: 12 });
    const sent: string[] = [];
    const { log } = startWorker((_letter, { to }) => Promise.resolve(void sent.push(to)));
    await until(async () => (await statusOf(id)) === 'parked');
    expect(sent).toEqual([]);
    expect(log).toContainEqual(expect.objectContaining({ level: 'error', event: 'mail_parked' }));
  });

  it('parks at once what the mail server refuses for good, and drops from it what signing up left', async () => {
    const hash = await service.passwords.toHash('a password that waits');
    const id = await enqueue('nobody@example.com', { kind: 'signup', password: hash });
    const { log } = startWorker(() => Promise.reject(new MailRefusedError('550 no such mailbox')));
    await until(async () => (await statusOf(id)) === 'parked');
    expect(log).toContainEqual(
      expect.objectContaining({ level: 'warn', event: 'mail_parked', mailId: id, attempts: 1 }),
    );
    const kept = await service.mails.findById(id).lean();
    expect(kept).toMatchObject({ lastError: '550 no such mailbox' });
    expect(kept).not.toHaveProperty('password');
  });

  it('takes over from a process that died, once its lease has ended', async () => {
    const id = await enqueue('orphan@example.com');
    const died = await service.mails.claim(service.now(), hour * 1000);
    expect(died).toMatchObject({ attempts: 1 });
    const sent: string[] = [];
    let finish: () => void = () => undefined;
    startWorker((_letter, envelope) => {
      sent.push(envelope.id);
      return new Promise((resolve) => (finish = resolve));
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(sent).toEqual([]);
    service.advance(hour);
    await until(() => Promise.resolve(sent.length > 0));
    // The one who was thought dead comes back and finds that it is not his any more.
    if (died)
      await service.mails.finish(died, { status: 'parked', lastError: 'late', expiresAt: new Date() });
    expect(await service.mails.findById(id).lean()).toMatchObject({ status: 'pending', attempts: 2 });
    finish();
    await until(async () => (await statusOf(id)) === 'sent');
    expect(sent).toEqual([id]);
  });

  it('sends again what was parked, as the runbook has it', async () => {
    const id = await enqueue('patient@example.com');
    startWorker(() => Promise.reject(new MailRefusedError('550 no such mailbox')));
    await until(async () => (await statusOf(id)) === 'parked');
    await Promise.all(workers.splice(0).map((worker) => worker.stop()));

    const runbook = readFileSync('docs/decisions/0009-outbox.md', 'utf8');
    const [command = ''] = /db\.mails\.updateMany\(.*\)/.exec(runbook) ?? [];
    await runInNewContext(command, { Date, db: { mails: service.mails.collection } });
    expect(await service.mails.findById(id).lean()).toMatchObject({ status: 'pending', attempts: 0 });
    expect(await service.mails.findById(id).lean()).not.toHaveProperty('expiresAt');
    startWorker(() => Promise.resolve());
    await until(async () => (await statusOf(id)) === 'sent');
  });

  it('keeps the hash of a password that waits for a verification no longer than the mail', async () => {
    const hash = await service.passwords.toHash('a password that waits');
    const id = await enqueue('waits@example.com', { kind: 'signup', password: hash, name: 'Ada' });
    startWorker(() => Promise.resolve());
    await until(async () => (await statusOf(id)) === 'sent');
    const kept = await service.mails.findById(id).lean();
    expect(kept).not.toHaveProperty('password');
    expect(kept).not.toHaveProperty('name');
    expect(kept?.expiresAt?.getTime()).toBeGreaterThan(service.now().getTime() + 6 * day * 1000);
  });

  it('stops when the mail that it sends is done with, and begins no other', async () => {
    await enqueue('first@example.com');
    await enqueue('second@example.com');
    let finish: () => void = () => undefined;
    const sent: string[] = [];
    const { worker } = startWorker((_letter, { to }) => {
      sent.push(to);
      return new Promise((resolve) => (finish = resolve));
    });
    await until(() => Promise.resolve(sent.length === 1));
    const stopped = worker.stop();
    finish();
    await stopped;
    expect(sent).toEqual(['first@example.com']);
    expect(await service.mails.countDocuments({ status: 'pending' })).toBe(1);
  });

  it('outlives a database that fails it', async () => {
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
  afterEach(async () => {
    for (const server of servers.splice(0)) {
      await new Promise<void>((closed) => {
        server.close(closed);
      });
    }
  });

  /** Sends the letter through a mail server that behaves like this. */
  async function sending(behaviour: SMTPServerOptions, mostMs?: number, query = ''): Promise<void> {
    const server = new SMTPServer({ disabledCommands: ['STARTTLS'], allowInsecureAuth: true, ...behaviour });
    servers.push(server);
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    const { port } = server.server.address() as { port: number };
    const url = new URL(`smtp://mailer:hush%21@127.0.0.1:${port}${query}`);
    const limit = mostMs === undefined ? {} : { mostMs };
    const send = smtp({ url, from: 'no-reply@ticketing.dev', ...limit });
    await send(letter, { to: 'x@example.com', id: '1' });
  }
  const no = (responseCode: number, message = '5.1.1 no such mailbox'): Error =>
    Object.assign(new Error(message), { responseCode });
  const welcome: SMTPServerOptions['onAuth'] = ({ username }, _session, done) => {
    done(null, { user: username });
  };

  it('signs in to the mail server', async () => {
    const seen: unknown[] = [];
    await sending({
      onAuth: (auth, session, done) => {
        seen.push([auth.username, auth.password]);
        welcome(auth, session, done);
      },
    });
    expect(seen).toEqual([['mailer', 'hush!']]);
  });

  describe('with TLS', () => {
    /** What a mail server was told, and whether in the clear. */
    const recorder = (offered: boolean): { behaviour: SMTPServerOptions; heard: string[] } => {
      const heard: string[] = [];
      const behaviour: SMTPServerOptions = {
        disabledCommands: offered ? [] : ['STARTTLS'],
        // No warning of the certificate that it comes with: one that nobody vouches for is what is wanted.
        logger: false,
        onAuth: (auth, session, done) => {
          heard.push(session.secure ? 'sign-in by TLS' : 'sign-in');
          welcome(auth, session, done);
        },
        onData: (stream, session, done) => {
          heard.push(session.secure ? 'mail by TLS' : 'mail');
          stream.resume().on('end', done);
        },
      };
      return { behaviour, heard };
    };

    it('that is required, hands nothing over where there is none', async () => {
      const { behaviour, heard } = recorder(false);
      await expect(sending(behaviour, undefined, '?requireTLS=true')).rejects.toThrow();
      expect(heard).toEqual([]);
    });

    it('that is offered, hands everything over by it', async () => {
      const { behaviour, heard } = recorder(true);
      await sending(behaviour, undefined, '?tls.rejectUnauthorized=false');
      expect(heard).toEqual(['sign-in by TLS', 'mail by TLS']);
    });

    it('that nobody vouches for, hands nothing over', async () => {
      const { behaviour, heard } = recorder(true);
      await expect(sending(behaviour)).rejects.toThrow('certificate');
      expect(heard).toEqual([]);
    });
  });

  const refusing = (error: Error): Record<string, SMTPServerOptions> => ({
    'the recipient': {
      onAuth: welcome,
      onRcptTo: (_address, _session, done) => {
        done(error);
      },
    },
    'the mail': {
      onAuth: welcome,
      onData: (stream, _session, done) => {
        stream.resume().on('end', () => {
          done(error);
        });
      },
    },
    'the sender': {
      onAuth: welcome,
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

  it.each(['the recipient', 'the mail'])('tells that an address is no good, and why: %s', async (what) => {
    const forGood = sending(refusing(no(550))[what] ?? {});
    await expect(forGood).rejects.toThrow(MailRefusedError);
    await expect(forGood).rejects.toThrow('no such mailbox');
    await expect(forGood).rejects.not.toThrow('hush');
  });

  it.each([
    ['the recipient', no(450, '4.1.1 not yet')],
    ['the recipient', no(554, '5.7.1 relay access denied')],
    ['the recipient', no(550, 'no')],
    ['the mail', no(554, '5.3.4 over quota')],
    ['the sender', no(550, '5.1.8 bad sender')],
    ['the sign-in', no(535, '5.7.8 who are you')],
    ['the connection', no(554, '5.7.1 go away')],
  ])('takes another no for one to us, not to the address: %s, %s', async (what, error) => {
    const sent = sending(refusing(error)[what] ?? {});
    await expect(sent).rejects.toThrow();
    await expect(sent).rejects.not.toThrow(MailRefusedError);
  });

  it('gives a mail up to a server that comes to no end', async () => {
    const deaf: SMTPServerOptions = { onAuth: welcome, onData: (stream) => void stream.resume() };
    await expect(sending(deaf, 300)).rejects.toThrow();
  });
});
