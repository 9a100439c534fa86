import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Request, RequestHandler } from 'express';
import type { Logger } from 'pino';
import { pinoHttp } from 'pino-http';

/** Gives each request an id, a logger of its own (`req.log`) and, when it is answered, one line in the log. */
export const requestLog = (logger: Logger): RequestHandler =>
  pinoHttp({
    logger,
    genReqId,
    quietReqLogger: true,
    customAttributeKeys: { reqId: 'requestId' },
    serializers: { req: describeRequest, res: describeResponse },
    wrapSerializers: false,
    customLogLevel: (_req, res) => (res.statusCode >= 500 ? 'error' : 'info'),
    customSuccessMessage: () => 'request answered',
    customErrorMessage: () => 'request failed',
  });

/** The proxy's id where it sent a sound one, so that its log and ours can be read together. */
function genReqId(req: IncomingMessage, res: ServerResponse): string {
  const sent = req.headers['x-request-id'];
  const id = typeof sent === 'string' && /^[\w-]{1,64}$/.test(sent) ? sent : randomUUID();
  res.setHeader('X-Request-Id', id);
  return id;
}

// Only what is named here: a query or a header may carry a secret.
function describeRequest(req: IncomingMessage): Record<string, unknown> {
  const { method, originalUrl, ip } = req as Request;
  return { method, path: originalUrl.split('?', 1)[0], ip };
}

const describeResponse = ({ statusCode }: ServerResponse): Record<string, unknown> => ({ statusCode });
