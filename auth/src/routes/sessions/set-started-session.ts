import type { Request, Response } from 'express';
import { setDeviceCookie } from '../../middlewares/device-cookie';
import { setSessionCookie } from '../../middlewares/session-cookie';
import type { StartedSession } from '../../services/accounts/session-start';

/** Gives the request's browser the cookies of a session that has started. */
export function setStartedSession(req: Request, res: Response, { issued, device }: StartedSession): void {
  setDeviceCookie(req, res, device);
  setSessionCookie(req, res, issued);
}
