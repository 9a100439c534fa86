import type { Request } from 'express';
import { sessionJwt } from '../middlewares/session-cookie';
import type { SessionClient } from '../models/session';
import type { UserRecord } from '../models/user';
import type { Sessions } from '../services/sessions';

/** Signs the user in where the request came from; a session that its cookie held already is replaced. */
export async function startSession(req: Request, sessions: Sessions, user: UserRecord): Promise<void> {
  req.session = { jwt: await sessions.start(user, clientOf(req), sessionJwt(req)) };
}

const mostUserAgent = 256;

const clientOf = (req: Request): SessionClient => ({
  // An IPv4 caller of a socket that takes both is shown as IPv4.
  ip: (req.ip ?? '').replace(/^::ffff:/, ''),
  userAgent: (req.get('User-Agent') ?? '').slice(0, mostUserAgent),
});
