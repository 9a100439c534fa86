import type { Request } from 'express';
import { setSessionCookie } from '../../middlewares/session-cookie';
import type { StartedSession } from '../../services/accounts/session-start';

/** Gives the request's browser the cookies of a session that has started. */
export function setStartedSession(req: Request, { issued, device }: StartedSession): void {
  setSessionCookie(req, issued);
  req.newDevice = device;
}
