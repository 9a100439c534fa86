import { randomUUID } from 'node:crypto';
import type { LiveSession, SessionClient } from '../models/session';

/** Who asks the service for something. It is passed on explicitly, as the last argument or the last before `tx`. */
export interface Caller extends SessionClient {
  /** The id that is in the response and in each line of the log. */
  requestId: string;
  /** Aborted once the caller has hung up before the response was complete. Only waiting may end by it, never work. */
  signal: AbortSignal;
  /** What the browser's cookie `device` holds; undefined where there is none (decision 19). */
  device?: string | undefined;
  /** The session and the user; undefined where nobody is signed in, or the endpoint does not look. */
  account?: LiveSession | undefined;
  /** Whoever runs a command of the service. */
  isOperator?: true;
}

/** A caller who is signed in. */
export type SignedInCaller = Caller & { account: LiveSession };

/** Whoever runs a command of the service: no address, no browser, and nobody to hang up. */
export const operator = (): Caller => ({
  ip: '',
  userAgent: '',
  requestId: randomUUID(),
  signal: new AbortController().signal,
  isOperator: true,
});
