import { startInbox, type Inbox } from '../inbox';
import { smtp } from '../../src/services/smtp';

let inbox: Inbox;
const said: string[] = [];
beforeAll(async () => {
  inbox = await startInbox({ smtpPort: 0, pagePort: 0, say: (line) => said.push(line) });
  const send = smtp({ url: new URL(inbox.smtpUrl), from: 'no-reply@ticketing.dev' });
  const letter = (token: string) => ({
    subject: `<b>${token}</b>`,
    text: `Hello\n\nhttp://localhost:3000/email-verification#token=${token}\n`,
    html: '<script>alert(1)</script>',
  });
  await send(letter('first'), { to: 'a@example.com', id: '1' });
  await send(letter('second'), { to: 'b@example.com', id: '2' });
});
afterAll(() => inbox.close());

const get = async (path: string): Promise<string> => (await fetch(inbox.pageUrl + path)).text();

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
    expect(await get('/token?to=a@example.com')).toBe('first');
    expect(await get('/token')).toBe('second');
    for (const path of ['/token', '/token?to=a@example.com', '/token?to=nobody@example.com']) {
      expect((await fetch(inbox.pageUrl + path)).status).toBe(404);
    }
  });

  it('shows a page on which no mail can do anything', async () => {
    const page = await get('/');
    expect(page).toContain('&lt;b&gt;second&lt;/b&gt;');
    expect(page).not.toContain('<b>');
    expect(page).not.toContain('<script>');
    expect((await fetch(`${inbox.pageUrl}/nothing`)).status).toBe(404);
  });

  it('goes on after a request for //', async () => {
    expect((await fetch(`${inbox.pageUrl}//`)).status).toBe(404);
    expect(await get('/')).toContain('Inbox');
  });

  it('says each mail in a line, with its link', () => {
    expect(said).toEqual([
      'mail to a@example.com: <b>first</b> http://localhost:3000/email-verification#token=first',
      'mail to b@example.com: <b>second</b> http://localhost:3000/email-verification#token=second',
    ]);
  });
});
