import { startInbox, type Inbox } from '../../../../dev/inbox';
import { parseSender } from '../sender';
import { smtp } from '../smtp';

let inbox: Inbox;
beforeAll(async () => {
  inbox = await startInbox({ smtpPort: 0, pagePort: 0 });
});
afterAll(() => inbox.close());

const address = 'office@tickets.example';
const letter = { subject: 'Hello', text: 'text\n', html: '<p>html</p>' };

describe('the sender’s name', () => {
  it.each([
    'Tickets: the office',
    'Tickets (Berlin)',
    'Tickets, Inc.',
    'a@b; c',
    'O’Neill & Söhne 🎟',
    'group: a@b.c, d@e.f;',
  ])('is sent as it was written: %s', async (name) => {
    for (const from of [`${name} <${address}>`, `"${name}" <${address}>`]) {
      const mailer = smtp({ url: new URL(inbox.smtpUrl), from });
      await mailer.send(letter, { to: 'ada@example.com', id: 'a', inBacklog: false });
      mailer.close();
      expect(parseSender(from)).toEqual({ name, address });
      expect((await inbox.take(() => true)).from).toBe(`"${name}" <${address}>`);
    }
  });

  it.each([
    'Tickets',
    'a@b.c, d@e.f',
    `The "office" <${address}>`,
    `"back\\slash" <${address}>`,
    `<a@b.c> <${address}>`,
    `${address} more`,
    'josé@tickets.example',
    'office@tïckets.example',
    `line\n <${address}>`,
    `=?utf-8?q?encoded?= <${address}>`,
    `\u202Ename <${address}>`,
  ])('is refused: %j', (from) => {
    expect(parseSender(from)).toBeUndefined();
  });
});
