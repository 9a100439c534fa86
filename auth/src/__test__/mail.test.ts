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
    const third = await listening(settings);
    const mail = await inbox.take(({ to }) => to === email);
    expect(mail.messageId).toContain(String(claimed?._id));
    await until(async () => (await mails.countDocuments({ status: 'sent' })) === 1);
    expect(inbox.mails).toEqual([]);
    third.child.kill('SIGTERM');
    expect(await third.ended).toBe(0);
    expect(third.output()).toContain('"event":"mail_sent"');
    expect([first, second, third].map(({ output }) => output()).join('')).not.toContain(mail.token);
    await client.close();
  }, 40_000);
});
