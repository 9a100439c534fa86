import { mongo } from 'mongoose';
import type { Answer } from './processes/baseline';
import { accountAddress, password } from './requests';

/** Signs one account up, and copies it: hashing thousands of passwords would take minutes. */
export async function seedAccounts(
  { url, mongoUri }: { url: string; mongoUri: string },
  addressOf: (number: number) => string,
  count: number,
): Promise<void> {
  const email = addressOf(0);
  await post(url, 'signup', { email, password });
  const client = new mongo.MongoClient(mongoUri);
  try {
    const users = client.db().collection('users');
    const first = await users.findOne({ email });
    const copies = Array.from({ length: count - 1 }, (_, index) => ({
      ...first,
      _id: new mongo.BSON.ObjectId(),
      email: addressOf(index + 1),
    }));
    await users.insertMany(copies);
  } finally {
    await client.close();
  }
}

/** Signs so many accounts in, and returns their session cookies. */
export async function openSessions(url: string, count: number): Promise<string[]> {
  const cookies: string[] = [];
  for (let number = 0; number < count; number += 1) {
    const { headers } = await post(url, 'signin', { email: accountAddress(number), password });
    const cookie = headers.getSetCookie().find((text) => text.startsWith('session=')) ?? '';
    cookies.push(cookie.split(';', 1)[0] ?? '');
  }
  return cookies;
}

// What a server adds itself.
const ownHeaders = ['connection', 'content-length', 'date', 'keep-alive', 'set-cookie'];

/** What the service answers to a session check, for its baselines to answer too. */
export async function answerTo(url: string, cookie: string): Promise<Answer> {
  const response = await fetch(`${url}/api/users/currentuser`, { headers: { cookie } });
  return answerIn(response);
}

/** What the service answers to input that it refuses. */
export async function refusalOf(url: string): Promise<Answer> {
  return answerIn(await send(url, 'signup', { email: 'no address', password: 'x' }));
}

async function answerIn(response: Response): Promise<Answer> {
  const headers = [...response.headers].filter(([name]) => !ownHeaders.includes(name));
  return { headers: Object.fromEntries(headers), body: await response.text() };
}

const maxAttempts = 10;

/** Tries again where the service is too busy: the machine may be. */
async function post(url: string, path: string, body: object): Promise<Response> {
  for (let attempt = 1; ; attempt += 1) {
    const response = await send(url, path, body);
    if (response.ok) return response;
    if (response.status !== 503 || attempt === maxAttempts)
      throw new Error(`${path} was answered with ${response.status}`);
  }
}

const send = (url: string, path: string, body: object): Promise<Response> =>
  fetch(`${url}/api/users/${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
