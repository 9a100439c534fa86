import { SMTPServer } from 'smtp-server';
import { startInbox, type Inbox } from '../../dev/inbox';
import { connectTo, freshDatabase } from '../test/database';
import { freePort, signup, until, useProcesses } from '../test/process';

const { listening } = useProcesses();

/** A mail server that accepts every command, but never acknowledges the mail itself. */
async function silentServer(
  port: number,
): Promise<{ hasReceived: () => boolean; close: () => Promise<void> }> {
  let received = false;
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS', 'AUTH'],
    onData: (stream) => {
      received = true;
      stream.resume();
    },
  });
  // The test kills the processes during the connection.
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => void server.listen(port, '127.0.0.1', resolve));
  return {
    hasReceived: () => received,
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
      }),
  };
}

/** Waits long enough for each process to read the outbox twice. */
const fewPolls = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 2200));

const inboxes: Inbox[] = [];
afterAll(() => Promise.all(inboxes.map((inbox) => inbox.close())));

describe('a process that is killed between commit and send', () => {
  it('leaves its mail to another process, which sends it once', async () => {
    const database = freshDatabase();
    const port = await freePort();
    const settings = { MONGO_URI: database, SMTP_URL: `smtp://127.0.0.1:${port}` };
    const silent = await silentServer(port);
    const [first, second] = await Promise.all([listening(settings), listening(settings)]);
    const email = 'survivor@example.com';
    expect((await signup(first.url, email)).status).toBe(201);
    await until(() => Promise.resolve(silent.hasReceived()));
    // Either process may be sending, so both are killed. The mail is now claimed but not sent.
    first.child.kill('SIGKILL');
    second.child.kill('SIGKILL');
    await Promise.all([first.ended, second.ended, silent.close()]);

    const client = await connectTo(database);
    const mails = client.db().collection('mails');
    const [claimed] = await mails.find().toArray();
    expect(claimed).toMatchObject({ to: email, status: 'pending', attempts: 1 });
    // Ends the lease at once.
    await mails.updateOne({}, { $set: { dueAt: new Date() } });
    const inbox = await startInbox({ smtpPort: port, pagePort: 0 });
    inboxes.push(inbox);
    const [third, fourth] = await Promise.all([listening(settings), listening(settings)]);
    const mail = await inbox.take(({ to }) => to === email);
    await until(async () => (await mails.countDocuments({ status: 'sent' })) === 1);
    expect((await mails.findOne())?._id).toEqual(claimed?._id);
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

describe('a mail server outage', () => {
  it('does not block sign-up, and the mail is sent once when the server is back', async () => {
    const database = freshDatabase();
    const port = await freePort();
    const service = await listening({
      MONGO_URI: database,
      SMTP_URL: `smtp://127.0.0.1:${port}`,
      MAIL_FROM: 'Box Office <office@tickets.example>',
      PUBLIC_URL: 'https://tickets.example',
      PRODUCT_NAME: 'Box Office & Co',
    });
    const email = 'patient@example.com';
    expect((await signup(service.url, email)).status).toBe(201);
    await service.line(/"event":"mail_failed"/);

    const inbox = await startInbox({ smtpPort: port, pagePort: 0 });
    inboxes.push(inbox);
    const client = await connectTo(database);
    const mails = client.db().collection('mails');
    // Ends the wait for the next attempt at once.
    await mails.updateOne({ to: email }, { $set: { dueAt: new Date() } });
    expect(await inbox.take(({ to }) => to === email)).toMatchObject({
      from: '"Box Office" <office@tickets.example>',
      messageId: expect.stringMatching(/^<[0-9a-f]{24}@tickets\.example>$/),
      text: expect.stringContaining('An account at Box Office & Co uses this address.'),
      link: expect.stringMatching(/^https:\/\/tickets\.example\/email-verification#token=[\w-]{43}$/),
    });
    await until(async () => (await mails.countDocuments({ status: 'sent' })) === 1);
    await fewPolls();
    expect(inbox.mails).toEqual([]);
    await client.close();
  });
});
