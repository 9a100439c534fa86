import { SMTPServer } from 'smtp-server';
import { startInbox, type Inbox } from '../../dev/inbox';
import { connectTo, freshDatabase } from '../test/database';
import { freePort, signup, until, useProcesses } from '../test/process';

const { listening } = useProcesses();

/** A mail server that takes every word but answers nothing to the mail itself. */
async function deafServer(port: number): Promise<{ met: () => boolean; close: () => Promise<void> }> {
  let met = false;
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS', 'AUTH'],
    onData: (stream) => {
      met = true;
      stream.resume();
    },
  });
  // The processes are killed in the middle of it.
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => void server.listen(port, '127.0.0.1', resolve));
  return {
    met: () => met,
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
      }),
  };
}

/** Long enough for each process to look at the outbox twice. */
const fewPolls = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 2200));

const inboxes: Inbox[] = [];
afterAll(() => Promise.all(inboxes.map((inbox) => inbox.close())));

describe('a process that is killed between commit and send', () => {
  it('leaves its mail to another, which sends it once', async () => {
    const database = freshDatabase();
    const port = await freePort();
    const settings = { MONGO_URI: database, SMTP_URL: `smtp://127.0.0.1:${port}` };
    const deaf = await deafServer(port);
    const [first, second] = await Promise.all([listening(settings), listening(settings)]);
    const email = 'survivor@example.com';
    expect((await signup(first.url, email)).status).toBe(201);
    await until(() => Promise.resolve(deaf.met()));
    // Whichever of the two was sending: both die, at the worst moment, with the mail claimed and not sent.
    first.child.kill('SIGKILL');
    second.child.kill('SIGKILL');
    await Promise.all([first.ended, second.ended, deaf.close()]);

    const client = await connectTo(database);
    const mails = client.db().collection('mails');
    const [claimed] = await mails.find().toArray();
    expect(claimed).toMatchObject({ to: email, status: 'pending', attempts: 1 });
    // As if the lease had ended.
    await mails.updateOne({}, { $set: { dueAt: new Date() } });
    const inbox = await startInbox({ smtpPort: port, pagePort: 0 });
    inboxes.push(inbox);
    const [third, fourth] = await Promise.all([listening(settings), listening(settings)]);
    const mail = await inbox.take(({ to }) => to === email);
    expect(mail.messageId).toContain(String(claimed?._id));
    await until(async () => (await mails.countDocuments({ status: 'sent' })) === 1);
    await fewPolls();
    expect(inbox.mails).toEqual([]);
    const survivors = [third, fourth];
    for (const { child } of survivors) child.kill('SIGTERM');
    expect(await Promise.all(survivors.map(({ ended }) => ended))).toEqual([0, 0]);
    expect(survivors.flatMap(({ output }) => output().match(/"event":"mail_sent"/g) ?? [])).toHaveLength(1);
    expect([first, second, ...survivors].map(({ output }) => output()).join('')).not.toContain(mail.token);
    await client.close();
  }, 40_000);
});

describe('a mail server that is down', () => {
  it('keeps nobody from signing up, and has the mail, once, when it is back', async () => {
    const database = freshDatabase();
    const port = await freePort();
    const service = await listening({
      MONGO_URI: database,
      SMTP_URL: `smtp://127.0.0.1:${port}`,
      MAIL_FROM: 'Box Office <office@tickets.example>',
      PUBLIC_URL: 'https://tickets.example',
    });
    const email = 'patient@example.com';
    expect((await signup(service.url, email)).status).toBe(201);
    await service.line(/"event":"mail_failed"/);

    const inbox = await startInbox({ smtpPort: port, pagePort: 0 });
    inboxes.push(inbox);
    const client = await connectTo(database);
    const mails = client.db().collection('mails');
    // As if the wait for the next try were over.
    await mails.updateOne({ to: email }, { $set: { dueAt: new Date() } });
    expect(await inbox.take(({ to }) => to === email)).toMatchObject({
      from: '"Box Office" <office@tickets.example>',
      messageId: expect.stringMatching(/^<[0-9a-f]{24}@tickets\.example>$/),
      link: expect.stringMatching(/^https:\/\/tickets\.example\/email-verification#token=[\w-]{43}$/),
    });
    await until(async () => (await mails.countDocuments({ status: 'sent' })) === 1);
    await fewPolls();
    expect(inbox.mails).toEqual([]);
    await client.close();
  });
});
