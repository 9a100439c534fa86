import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { runInNewContext } from 'node:vm';
import { listen } from '../server';
import { jwtFrom, sessionCookieOf } from '../test/cookies';
import { hour, password, useService } from '../test/service';

const service = useService();
const api = readFileSync(path.join(__dirname, '../../docs/api.md'), 'utf8');

/** A function in docs/api.md, as it is written there, with that fetch and the service's address. */
function documented(
  block: string,
  name: string,
  send: typeof fetch,
): (...args: unknown[]) => Promise<unknown> {
  const [, code = ''] = new RegExp(`^\`\`\`js ${block}\n([^]*?)^\`\`\``, 'm').exec(api) ?? [];
  const script = code.replace('export ', '').replace('http://localhost:3000', service.url);
  return runInNewContext(`${script}; ${name}`, { fetch: send }) as ReturnType<typeof documented>;
}

/** The cookie of a session whose JWT has expired. */
async function expiredCookie(email: string): Promise<string> {
  const response = await service.api().post('/api/users/signup').send({ email, password }).expect(201);
  service.advance(hour);
  return sessionCookieOf({ jwt: jwtFrom(response) });
}

const sessionsWith = (cookie: string) => service.api().get('/api/users/sessions').set('Cookie', cookie);

describe('F23 an expired JWT of a live session', () => {
  it('is renewed for the browser by the helper for pages that a server renders', async () => {
    const expired = await expiredCookie('rendered@example.com');
    await sessionsWith(expired).expect(401);
    const currentUser = documented('server', 'currentUser', fetch);
    const pages = createServer((req, res) => {
      res.setHeader('Set-Cookie', 'theme=dark');
      void currentUser(req, res).then((user) => res.end(JSON.stringify(user)));
    });
    const page = await fetch(`http://127.0.0.1:${await listen(pages, 0)}`, { headers: { Cookie: expired } });
    expect(await page.json()).toMatchObject({ email: 'rendered@example.com' });
    const [theme, session = ''] = page.headers.getSetCookie();
    expect(theme).toBe('theme=dark');
    await sessionsWith(session.split(';')[0] ?? '').expect(200);
    pages.closeAllConnections();
    await new Promise((resolve) => pages.close(resolve));
  });

  /** A fetch that keeps its cookie, as a browser's does. */
  function browserFetch(cookie: string) {
    const sent: string[] = [];
    const send = async (url: string, options?: RequestInit): Promise<Response> => {
      sent.push(url);
      const response = await fetch(`${service.url}${url}`, { ...options, headers: { Cookie: cookie } });
      cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? cookie;
      return response;
    };
    return { sent, send: send as typeof fetch };
  }

  it('is renewed by the helper for browsers, which repeats the request once', async () => {
    const { send, sent } = browserFetch(await expiredCookie('browser@example.com'));
    const response = (await documented('browser', 'api', send)('/sessions')) as Response;
    expect(response.status).toBe(200);
    expect(sent).toEqual(['/api/users/sessions', '/api/users/currentuser', '/api/users/sessions']);
  });

  it('does not make the helper for browsers repeat a request if nobody is signed in', async () => {
    const { send, sent } = browserFetch('');
    const response = (await documented(
      'browser',
      'api',
      send,
    )('/sessions', { method: 'DELETE' })) as Response;
    expect(response.status).toBe(401);
    expect(sent).toHaveLength(2);
  });
});
