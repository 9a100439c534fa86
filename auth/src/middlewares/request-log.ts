import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Request, RequestHandler, Response } from 'express';
import type { Level, Logger } from 'pino';
import { clientAddress } from './client-address';

declare module 'http' {
  interface IncomingMessage {
    id: string;
    log: RequestLogger;
  }
  interface OutgoingMessage {
    /** Why the request failed. */
    err?: Error;
  }
}

/**
 * Gives each request an id and its own logger (`req.log`), and logs one line once it is answered or the caller has hung
 * up. The line of a request that failed has the cause: see `logFailure`.
 */
export function requestLog(logger: Logger): RequestHandler {
  // All fields of these lines are named below, so there is nothing to redact. To look for it took half of their time.
  const lines = logger.child({}, { redact: [] });
  return (req, res, next) => {
    const startedAt = Date.now();
    const requestId = idOf(req, res);
    // Now, because a connection that is lost has no address.
    const received = { requestId, req: describeRequest(req) };
    req.id = requestId;
    req.log = new RequestLogger(logger, requestId);
    noticeHangUp(req.socket, res);
    res.once('close', () => {
      const failure = failureOf(res);
      const line = { ...received, res: describeResponse(res), responseTime: Date.now() - startedAt };
      lines[levelOf(res)]({ ...line, ...describeFailure(res, failure) }, messageOf(res, failure));
    });
    next();
  };
}

/** Logs lines that tell of which request they are. */
class RequestLogger {
  constructor(
    private readonly logger: Logger,
    private readonly requestId: string,
  ) {}

  info(fields: object, message: string): void {
    this.logger.info({ requestId: this.requestId, ...fields }, message);
  }

  error(fields: object, message: string): void {
    this.logger.error({ requestId: this.requestId, ...fields }, message);
  }
}

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

/** The status of those whom the service turns away because it, or the database, can't serve them now. */
const turnedAway = 503;

function levelOf({ statusCode, writableEnded, err }: ServerResponse): Level {
  if (!writableEnded) return err ? 'error' : 'info';
  if (statusCode === turnedAway || statusCode === 408) return 'warn';
  return statusCode >= 500 ? 'error' : 'info';
}

const failureOf = ({ err, statusCode }: ServerResponse): Error | undefined =>
  err ?? (statusCode >= 500 ? new Error(`failed with status code ${statusCode}`) : undefined);

const describeFailure = ({ statusCode }: ServerResponse, failure: Error | undefined) =>
  failure && (statusCode === turnedAway ? { reason: reasonOf(failure) } : { err: failure });

function messageOf({ writableEnded }: ServerResponse, failure: Error | undefined): string {
  if (failure) return 'request failed';
  return writableEnded ? 'request answered' : 'caller hung up';
}

/** The responses of each connection that have not ended. */
const openOn = new WeakMap<Socket, Set<ServerResponse>>();

/** Node does not tell a response of a lost connection that waits for an earlier one on it (pipelining). */
function noticeHangUp(socket: Socket, res: ServerResponse): void {
  const open = openOn.get(socket) ?? follow(socket);
  open.add(res);
  res.once('close', () => open.delete(res));
}

function follow(socket: Socket): Set<ServerResponse> {
  const open = new Set<ServerResponse>();
  openOn.set(socket, open);
  socket.once('close', () => {
    for (const res of open) if (!res.closed) res.emit('close');
  });
  return open;
}

/** The request id that the proxy sent, if it is well-formed, so that both logs can be correlated; otherwise a new id. */
function idOf(req: IncomingMessage, res: ServerResponse): string {
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
