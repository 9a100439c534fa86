import { sessionCookieOf, jwtIn } from '../cookies';

/** A process of the service, by the version that it runs. */
export interface Site {
  version: string;
  url: string;
}

/** What the tests read of a response. */
interface Body {
  id: string;
  email: string;
  emailVerified: boolean;
  version: number;
  currentUser: Body | null;
  sessions: { id: string; current: boolean }[];
}

/** Keeps the JWT of its session, and can send it to any process. */
export class Browser {
  constructor(public jwt?: string) {}

  /** Sends a request, and returns the body of the response, whose status must be the given one. */
  async ask(
    { version, url }: Site,
    request: `${'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'} /${string}`,
    status: number,
    body?: object,
  ): Promise<Body> {
    const [method = '', path = ''] = request.split(' ');
    const response = await fetch(`${url}/api/users${path}`, {
      method,
      headers: {
        ...(body && { 'Content-Type': 'application/json' }),
        ...(this.jwt !== undefined && { Cookie: sessionCookieOf({ jwt: this.jwt }) }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (response.status !== status)
      throw new Error(`${request} at the ${version} version: ${response.status} ${text}, not ${status}`);
    const cookie = response.headers.getSetCookie().find((each) => each.startsWith('session='));
    if (cookie !== undefined) this.jwt = jwtIn(cookie);
    return (text === '' ? {} : JSON.parse(text)) as Body;
  }
}

/** Expects that a session is alive, and returns its user. */
export async function expectAlive(browser: Browser, site: Site): Promise<Body> {
  const { currentUser } = await browser.ask(site, 'GET /currentuser', 200);
  if (!currentUser) throw new Error(`signed out at the ${site.version} version`);
  return currentUser;
}

/** Expects that a session has ended: it neither authenticates nor is renewed. */
export async function expectEnded(browser: Browser, site: Site): Promise<void> {
  const { currentUser } = await browser.ask(site, 'GET /currentuser', 200);
  if (currentUser) throw new Error(`still signed in at the ${site.version} version`);
  await browser.ask(site, 'GET /sessions', 401);
}
