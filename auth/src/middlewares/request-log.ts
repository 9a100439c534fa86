import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Request, RequestHandler, Response } from 'express';
import type { Level, Logger } from 'pino';
import { pinoHttp } from 'pino-http';
import { clientAddress } from './client-address';

/**
 * Gives each request an id and its own logger (`req.log`), and logs one line once it is answered or the caller has hung
 * up. The line of a request that failed has the cause: see `logFailure`.
 */
export const requestLog = (logger: Logger): RequestHandler[] => [
  noticeHangUp,
  pinoHttp({
    logger,
    genReqId,
    quietReqLogger: true,
    customAttributeKeys: { reqId: 'requestId' },
    serializers: { req: describeRequest, res: describeResponse },
    wrapSerializers: false,
    customLogLevel: (_req, res) => levelOf(res),
    customSuccessMessage: (_req, res) => (res.writableEnded ? 'request answered' : 'caller hung up'),
    customErrorMessage: () => 'request failed',
    customErrorObject: (_req, _res, _error, failed: FailedRequest) => describeFailure(failed),
  }),
];

/** Has the line of a request tell why it failed. A failure after that line has one of its own, if nobody expects it. */
export function logFailure(
  error: unknown,
  statusCode: number,
  { req, res }: { req: Request; res: Response },
): void {
  const failure = error instanceof Error ? error : new Error('not an Error', { cause: error });
  if (!res.writableEnded && !req.socket.destroyed) res.err = failure;
  else if (statusCode !== turnedAway) req.log.error({ err: failure }, 'request failed after its end');
}

interface FailedRequest {
  res: ServerResponse;
  err: Error;
  responseTime: number;
}

const describeFailure = ({ res, err, responseTime }: FailedRequest): Record<string, unknown> => ({
  res,
  responseTime,
  ...(res.statusCode === turnedAway ? { reason: reasonOf(err) } : { err }),
});

/** The status of those whom the service turns away because it, or the database, can't serve them now. */
const turnedAway = 503;

function levelOf({ statusCode, writableEnded, err }: ServerResponse): Level {
  if (!writableEnded) return err ? 'error' : 'info';
  if (statusCode === turnedAway || statusCode === 408) return 'warn';
  return statusCode >= 500 ? 'error' : 'info';
}

/** Node does not tell a response of a lost connection that waits for an earlier one on it (pipelining). */
const noticeHangUp: RequestHandler = ({ socket }, res, next) => {
  const notice = (): void => {
    if (!res.closed) res.emit('close');
  };
  socket.setMaxListeners(0).once('close', notice);
  res.once('close', () => socket.off('close', notice));
  next();
};

/** The request id that the proxy sent, if it is well-formed, so that both logs can be correlated; otherwise a new id. */
function genReqId(req: IncomingMessage, res: ServerResponse): string {
  const sent = req.headers['x-request-id'];
  const id = typeof sent === 'string' && /^[\w-]{1,64}$/.test(sent) ? sent : randomUUID();
  res.setHeader('X-Request-Id', id);
  return id;
}

// Only these fields are logged, because a query or a header may contain a secret.
function describeRequest(req: IncomingMessage): Record<string, unknown> {
  const { method, originalUrl } = req as Request;
  return { method, path: originalUrl.split('?', 1)[0], ip: clientAddress(req as Request) };
}

const describeResponse = ({ headersSent, statusCode }: ServerResponse): Record<string, unknown> =>
  headersSent ? { statusCode } : {};

/** The messages of an error and its causes. */
function reasonOf({ message, cause }: Error): string {
  return cause instanceof Error ? `${message}: ${reasonOf(cause)}` : message;
}
