import { smtp, type Mailer } from '../../src/services/mail/smtp';
import { startInbox, type Inbox } from '../inbox';

let inbox: Inbox;
let mailer: Mailer;
const said: string[] = [];
beforeAll(async () => {
  inbox = await startInbox({ smtpPort: 0, pagePort: 0, say: (line) => said.push(line) });
  mailer = smtp({ url: new URL(inbox.smtpUrl), from: 'no-reply@ticketing.dev' });
  await send('first', 'a@example.com');
  await send('second', 'b@example.com');
});
afterAll(() => {
  mailer.close();
  return inbox.close();
});

async function send(token: string, to: string): Promise<void> {
  const letter = {
    subject: `<b>${token}</b>`,
    text: `Hello\n\nhttp://localhost:3000/email-verification#token=${token}\n`,
    html: `<script>alert("${token}")</script>`,
  };
  await mailer.send(letter, { to, id: token, inBacklog: false });
}

const get = async (path: string): Promise<string> => (await fetch(inbox.pageUrl + path)).text();
const statusOf = async (path: string): Promise<number> => (await fetch(inbox.pageUrl + path)).status;

describe('the inbox', () => {
  it('lists what came as JSON, for one address where one is named', async () => {
    const { mails } = JSON.parse(await get('/mails?to=a@example.com')) as { mails: unknown[] };
    expect(mails).toEqual([
      expect.objectContaining({
        to: 'a@example.com',
        from: 'no-reply@ticketing.dev',
        link: 'http://localhost:3000/email-verification#token=first',
        token: 'first',
      }),
    ]);
  });

  it('answers the last token as text, each once, and 404 where there is none', async () => {
    expect(await get('/token?to=a@example.com')).toBe('first\n');
    expect(await get('/token')).toBe('second\n');
    for (const path of ['/token', '/token?to=a@example.com', '/token?to=nobody@example.com']) {
      expect(await statusOf(path)).toBe(404);
    }
  });

  it('shows a page on which no mail can do anything', async () => {
    const page = await get('/');
    expect(page).toContain('&lt;b&gt;second&lt;/b&gt;');
    expect(page).not.toContain('<b>');
    expect(page).not.toContain('<script>');
    expect(await statusOf('/nothing')).toBe(404);
  });

  it('shows the newest mail first, its HTML in a sandbox and the links of its text as links', async () => {
    const page = await get('/');
    expect(page.indexOf('#token=second')).toBeLessThan(page.indexOf('#token=first'));
    expect(page).toMatch(/<iframe [^>]*sandbox="[^"]*" srcdoc="&lt;script&gt;alert\(&quot;second&quot;\)/);
    expect(page).not.toContain('allow-scripts');
    expect(page).toContain('<a href="http://localhost:3000/email-verification#token=second"');
  });

  it('lets no script run but its own', async () => {
    const response = await fetch(inbox.pageUrl);
    const policy = response.headers.get('content-security-policy');
    expect(policy).toMatch(/default-src 'none'.*script-src 'sha256-[\w+/]+=*'(;|$)/);
    expect(await response.text()).toMatch(/<script type="module">/);
  });

  it('F14 finds an address with a plus, encoded or not, in capitals or not', async () => {
    for (const to of ['ada+shop@example.com', 'Ada%2Bshop@Example.com']) {
      await send('plus', 'ada+shop@example.com');
      expect(await get(`/token?to=${to}`)).toBe('plus\n');
    }
  });

  it('goes on after a request for //', async () => {
    expect(await statusOf('//')).toBe(404);
    expect(await get('/')).toContain('Inbox');
  });

  it('says each mail in a line, with its link', () => {
    expect(said.slice(0, 2)).toEqual([
      'mail to a@example.com: <b>first</b> http://localhost:3000/email-verification#token=first',
      'mail to b@example.com: <b>second</b> http://localhost:3000/email-verification#token=second',
    ]);
  });

  it('tells an open page of every change, and can be cleared', async () => {
    const other = await startInbox({ smtpPort: 0, pagePort: 0 });
    const events = await fetch(`${other.pageUrl}/events`);
    const reader = events.body?.getReader() as ReadableStreamDefaultReader<Uint8Array>;
    const next = async () => new TextDecoder().decode((await reader.read()).value);
    expect(events.headers.get('content-type')).toContain('text/event-stream');
    const toOther = smtp({ url: new URL(other.smtpUrl), from: 'a@example.com' });
    await toOther.send(
      { subject: 'a', text: 'b', html: 'c' },
      { to: 'a@example.com', id: '1', inBacklog: false },
    );
    toOther.close();
    expect(await next()).toBe('data: change\n\n');
    expect(other.mails).toHaveLength(1);
    expect((await fetch(`${other.pageUrl}/mails`, { method: 'DELETE' })).status).toBe(204);
    expect(await next()).toBe('data: change\n\n');
    expect(other.mails).toEqual([]);
    await other.close();
  });
});
