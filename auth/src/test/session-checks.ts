import { signup, until } from './process';

const api = '/api/users';

/** The cookie of a new account's session. */
export async function cookieOf(url: string, email: string): Promise<string> {
  const [cookie = ''] = (await signup(url, email)).headers.getSetCookie();
  return cookie.split(';', 1)[0] ?? '';
}

/** What a process answers about the current user. */
export interface Check {
  status: number;
  email: string | undefined;
  name: string | undefined;
  role: string | undefined;
}

export async function check(url: string, cookie: string): Promise<Check> {
  const answer = await fetch(`${url}${api}/currentuser`, { headers: { Cookie: cookie } });
  const body = (await answer.json()) as { currentUser?: Partial<Check> | null };
  const { email, name, role } = body.currentUser ?? {};
  return { status: answer.status, email, name, role };
}
export const isLive = async (url: string, cookie: string): Promise<boolean> =>
  (await check(url, cookie)).email !== undefined;

/** Sends a request with a body, as the browser that has the cookie. */
export const post = (
  url: string,
  path: string,
  cookie: string,
  body: object,
  method = 'POST',
): Promise<Response> =>
  fetch(`${url}${api}${path}`, {
    method,
    headers: { Cookie: cookie, 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
export const signOut = (url: string, cookie: string): Promise<Response> => post(url, '/signout', cookie, {});

/** Checks a session until it is in the memory of that process. */
export async function remembered(url: string, cookie: string): Promise<void> {
  await until(() => isLive(url, cookie));
  for (let n = 0; n < 10; n += 1) {
    expect(await isLive(url, cookie)).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
