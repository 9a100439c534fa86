import { randomUUID } from 'node:crypto';
import jsonwebtoken from 'jsonwebtoken';
import { jwtIn, sessionCookieOf } from './cookies';
import { signup } from './process';

const users = 6;
const timeoutMs = 20_000;

export interface KeysUnderLoad {
  /** Stops, and tells what has happened. */
  stop: () => Promise<Outcome>;
  /** The ids of the keys that have signed so far, in their order. */
  kids: () => string[];
  /** Whether a request has failed. Then fewer go on, and keys may not be seen any more. */
  hasFailed: () => boolean;
}

export interface Outcome {
  requests: number;
  /** Each request that got another answer than it should: nobody may be signed out, and nothing may fail. */
  failures: string[];
}

/** The id of the key that signed a JWT. */
export const kidOf = (jwt = ''): string => jsonwebtoken.decode(jwt, { complete: true })?.header.kid ?? '';

/**
 * People who are signed in and ask who they are again and again, at one process after the other, and others who sign in and
 * out. Each JWT is used at all processes.
 * @param urls of the processes; may change meanwhile
 */
export async function loadOn(urls: string[]): Promise<KeysUnderLoad> {
  const failures: string[] = [];
  const kids = new Set<string>();
  let requests = 0;
  let isStopped = false;
  const url = (n: number): string => urls[n % urls.length] ?? '';

  const ask = async (at: string, path: string, status: number, init: RequestInit = {}): Promise<Response> => {
    requests += 1;
    const response = await fetch(`${at}/api/users${path}`, {
      ...init,
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (response.status !== status) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response;
  };
  const post = (at: string, path: string, body: object, cookie = ''): Promise<Response> =>
    ask(at, path, 200, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Cookie: cookie },
      body: JSON.stringify(body),
    });
  const seen = (response: Response): string | undefined => {
    const jwt = jwtIn(response.headers.getSetCookie()[0]);
    if (jwt !== undefined) kids.add(kidOf(jwt));
    return jwt;
  };

  const stay = async (n: number, email: string, signedIn: string): Promise<void> => {
    for (let jwt = signedIn, turn = n; !isStopped; turn += 1) {
      const headers = { Cookie: sessionCookieOf({ jwt }) };
      const response = await ask(url(turn), '/currentuser', 200, { headers });
      jwt = seen(response) ?? jwt;
      const { currentUser } = (await response.json()) as { currentUser: { email: string } | null };
      if (currentUser?.email !== email) throw new Error(`${email} was signed out`);
      await ask(url(turn + 1), '/sessions', 200, { headers: { Cookie: sessionCookieOf({ jwt }) } });
    }
  };
  const comeAndGo = async (n: number, email: string): Promise<void> => {
    for (let turn = n; !isStopped; turn += 1) {
      const jwt = seen(await post(url(turn), '/signin', { email, password: 'correct horse battery' }));
      const cookie = sessionCookieOf({ jwt });
      await ask(url(turn + 1), '/sessions', 200, { headers: { Cookie: cookie } });
      await post(url(turn), '/signout', {}, cookie);
    }
  };
  const people = await Promise.all(
    Array.from({ length: users }, async (_, n) => {
      const email = `load-${randomUUID()}@example.com`;
      return { n, email, jwt: seen(await signup(url(n), email)) ?? '' };
    }),
  );
  const doing = people.map(({ n, email, jwt }) =>
    (n % 3 ? stay(n, email, jwt) : comeAndGo(n, email)).catch((error: unknown) => {
      failures.push(String(error));
    }),
  );
  return {
    kids: () => [...kids],
    hasFailed: () => failures.length > 0,
    stop: async () => {
      isStopped = true;
      await Promise.all(doing);
      return { requests, failures };
    },
  };
}
