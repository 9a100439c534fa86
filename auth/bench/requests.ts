import { numberMark } from './processes/load-mark';

export const password = 'correct horse battery';

/** How many accounts sign in in turn, so that none comes near to the cap of its sessions. */
export const accountCount = 2000;

const get = (headers = ''): string =>
  `GET /api/users/currentuser HTTP/1.1\r\nHost: bench.example\r\n${headers}\r\n`;

function post(path: string, body: object): string {
  const json = JSON.stringify(body);
  return `POST /api/users/${path} HTTP/1.1\r\nHost: bench.example\r\nContent-Type: application/json\r\nContent-Length: ${json.length}\r\n\r\n${json}`;
}

/** How many accounts can be sent mails, so that none is asked for a second mail too soon. */
export const mailedCount = 20_000;

const padded = (number: number): string => String(number).padStart(numberMark.length, '0');

export const accountAddress = (number: number): string => `account${padded(number)}@example.com`;

export const mailedAddress = (number: number): string => `reset${padded(number)}@example.com`;

const signIn = (suppliedPassword: string): string[] =>
  Array.from({ length: accountCount }, (_, number) =>
    post('signin', { email: accountAddress(number), password: suppliedPassword }),
  );

/** What is sent, and which status must come back. */
export interface Requests {
  texts: string[];
  status: number;
}

/** @param cookies those of live sessions, which are sent in turn */
export const requestsWith = (cookies: string[]) =>
  ({
    signUp: {
      texts: [post('signup', { email: `signup${numberMark}@example.com`, password })],
      status: 201,
    },
    signIn: { texts: signIn(password), status: 200 },
    refusedSignIn: { texts: signIn('another password'), status: 400 },
    withSession: { texts: cookies.map((cookie) => get(`Cookie: ${cookie}\r\n`)), status: 200 },
    withoutCookie: { texts: [get()], status: 200 },
    refusedInput: { texts: [post('signup', { email: 'no address', password: 'x' })], status: 400 },
    passwordReset: {
      texts: [post('password-reset', { email: `reset${numberMark}@example.com` })],
      status: 202,
    },
  }) satisfies Record<string, Requests>;

export type RequestName = keyof ReturnType<typeof requestsWith>;
