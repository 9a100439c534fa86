import type { Request } from 'express';
import type { Caller, SignedInCaller } from '../services/caller';
import { clientAddress } from './client-address';
import { deviceOf } from './device-cookie';
import { signedIn } from './require-auth';

const maxUserAgent = 256;

/** The caller of a request. Signed in only where `currentUser` has run. */
export const callerOf = (req: Request): Caller => ({
  ip: clientAddress(req),
  userAgent: (req.get('User-Agent') ?? '').slice(0, maxUserAgent),
  requestId: typeof req.id === 'string' ? req.id : '',
  signal: hangUpOf(req),
  device: deviceOf(req),
  account: req.currentUser,
});

/** @throws {NotAuthorizedError} if nobody is signed in */
export const signedInCallerOf = (req: Request): SignedInCaller => ({
  ...callerOf(req),
  account: signedIn(req),
});

function hangUpOf({ socket, res }: Request): AbortSignal {
  const hangUp = new AbortController();
  if (socket.destroyed) hangUp.abort();
  res?.once('close', () => {
    if (!res.writableEnded) hangUp.abort();
  });
  return hangUp.signal;
}
