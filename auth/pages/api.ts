import { Refusal, type BrowserCode, type Fault } from './refusal';
import type { CurrentUser } from './types';

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface Answer<T> {
  status: number;
  /** Undefined for a response without a body. */
  data: T;
}

// Longer than the service takes at most.
const limitMs = 30_000;

/**
 * Sends a request to the API, once more where the short-lived part of the session had to be renewed first.
 * @param path below `/api/users`
 * @throws {Refusal}
 */
export async function call<T = undefined>(method: Method, path: string, body?: object): Promise<Answer<T>> {
  try {
    return await send<T>(method, path, body);
  } catch (error) {
    const isRenewable = error instanceof Refusal && error.is('not_authorized');
    if (!isRenewable || !(await currentUser())) throw error;
    return send<T>(method, path, body);
  }
}

/** Who is signed in; null if nobody is. @throws {Refusal} */
export async function currentUser(): Promise<CurrentUser | null> {
  const { data } = await send<{ currentUser: CurrentUser | null }>('GET', '/currentuser');
  return data.currentUser;
}

async function send<T>(method: Method, path: string, body?: object): Promise<Answer<T>> {
  const response = await fetchWithin(method, path, body);
  const data = await readJson(response);
  if (response.ok) return { status: response.status, data: data as T };
  const retryAfter = Number(response.headers.get('Retry-After') ?? NaN);
  throw new Refusal(faultsIn(data), Number.isNaN(retryAfter) ? undefined : retryAfter);
}

async function fetchWithin(method: Method, path: string, body?: object): Promise<Response> {
  try {
    return await fetch(`/api/users${path}`, {
      method,
      ...(body && { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }),
      signal: AbortSignal.timeout(limitMs),
    });
  } catch (error) {
    throw refusal(error instanceof DOMException && error.name === 'TimeoutError' ? 'timed_out' : lost());
  }
}

async function readJson(response: Response): Promise<unknown> {
  try {
    const text = await response.text();
    return text === '' ? undefined : JSON.parse(text);
  } catch (error) {
    throw refusal(error instanceof SyntaxError ? 'unreadable' : lost());
  }
}

const lost = (): BrowserCode => (navigator.onLine ? 'unreachable' : 'offline');
const refusal = (code: BrowserCode): Refusal => new Refusal([{ code }]);

/** What `{"errors":[…]}` says. A proxy in front may answer something else. */
function faultsIn(data: unknown): Fault[] {
  const errors = typeof data === 'object' && data !== null && 'errors' in data ? data.errors : undefined;
  const faults = Array.isArray(errors) ? (errors as unknown[]).filter(isFault) : [];
  return faults.length > 0 ? faults : [{ code: 'unreadable' }];
}

const isFault = (value: unknown): value is Fault =>
  typeof value === 'object' && value !== null && 'code' in value && typeof value.code === 'string';
