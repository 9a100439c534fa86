import { randomUUID } from 'node:crypto';
import { STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import { errorEntry } from './errors/custom-error';
import { errorCodes, type ErrorCode } from './errors/error-codes';
import { networkAddress } from './middlewares/client-address';
import { securityHeaders } from './middlewares/security-headers';

const codeByFailure: Readonly<Record<string, ErrorCode>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'body_too_large',
  HPE_HEADER_OVERFLOW: 'headers_too_large',
};

// A connection that is closed with unread bytes is reset, and the client may then miss the response.
const lingerMs = 1000;

/**
 * Answers what Node refuses before it becomes a request (RFC 9112, section 2.2), or while the app reads its body. The
 * response has the contract's shape and headers, and the log has one line.
 */
export function answerMalformedRequests(server: Server, logger: Logger): void {
  const latest = new WeakMap<Duplex, ServerResponse>();
  const refused = new WeakSet<Duplex>();

  for (const event of ['request', 'checkExpectation'])
    server.prependListener(event, (req: IncomingMessage, res: ServerResponse) => latest.set(req.socket, res));

  const refuse = (socket: Duplex, code: ErrorCode | undefined, reason: string): void => {
    // Each further byte after a malformed one is an error too.
    if (refused.has(socket)) return;
    refused.add(socket);
    const hungUp = !(socket instanceof Socket) || socket.remoteAddress === undefined || !socket.writable;
    if (code === undefined || hungUp) {
      socket.destroy();
      return;
    }
    const res = latest.get(socket);
    if (res && !res.req.complete && !res.headersSent) {
      // The fault is in the body of that request. The app logs it, if it gave it an id.
      if (!res.hasHeader('X-Request-Id')) res.setHeader('X-Request-Id', logRefusal(socket, code, reason));
      const { headers, body } = refusal(code);
      res.writeHead(errorCodes[code].status, headers).end(body);
      return;
    }
    // Responses are sent in the order of their requests, so this one waits for those of good requests.
    onceFinished(res, () => {
      if (!res || res.req.complete) socket.write(asText(code, logRefusal(socket, code, reason)));
      socket.end();
      setTimeout(() => socket.destroy(), lingerMs).unref();
    });
  };

  const logRefusal = (socket: Duplex, code: ErrorCode, reason: string): string => {
    const requestId = randomUUID();
    const ip = networkAddress(socket instanceof Socket ? socket.remoteAddress : '');
    // Slow callers hold connections, perhaps on purpose. Malformed requests are usual on the internet.
    logger[code === 'request_timeout' ? 'warn' : 'info'](
      { requestId, req: { ip }, res: { statusCode: errorCodes[code].status }, reason },
      'request refused',
    );
    return requestId;
  };

  server.on('clientError', ({ code: failure = '' }: NodeJS.ErrnoException, socket) => {
    const isMalformed = failure.startsWith('HPE_');
    refuse(socket, codeByFailure[failure] ?? (isMalformed ? 'bad_request' : undefined), failure);
  });
  // Without a listener, Node would close the connection.
  server.on('connect', (_req, socket) => {
    socket.on('error', () => socket.destroy());
    refuse(socket, 'bad_request', 'CONNECT');
  });
}

function refusal(code: ErrorCode) {
  const body = JSON.stringify({ errors: [errorEntry(code)] });
  const headers = {
    ...securityHeaders,
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': String(Buffer.byteLength(body)),
    Connection: 'close',
  };
  return { headers, body };
}

function asText(code: ErrorCode, requestId: string): string {
  const { status } = errorCodes[code];
  const { headers, body } = refusal(code);
  const all = { 'X-Request-Id': requestId, ...headers, Date: new Date().toUTCString() };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`, ...lines, '', body].join('\r\n');
}

function onceFinished(res: ServerResponse | undefined, then: () => void): void {
  if (!res || res.writableFinished) then();
  else res.once('finish', then);
}
