import { createServer, STATUS_CODES, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

const timeouts = {
  // Longer than the 60 s that nginx keeps a connection for, so that it is never nginx who finds it closed.
  keepAliveTimeout: 75_000,
  // From the first byte of a request, whatever time the connection was idle before it.
  headersTimeout: 10_000,
  requestTimeout: 14_000,
};

/** An HTTP server that answers also what never becomes a request (RFC 9112, section 2.2) in the contract's shape. */
export function createHttpServer(app: RequestListener, limits: Partial<typeof timeouts> = {}): Server {
  const server = createServer({ connectionsCheckingInterval: 1000 }, app);
  Object.assign(server, timeouts, limits);
  server.on('clientError', answerClientError);
  // An unknown expectation may be ignored (RFC 9110, section 10.1.1).
  server.on('checkExpectation', app);
  return server;
}

const statusByCode: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

function answerClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = statusByCode[error.code ?? ''] ?? 400;
  const message = STATUS_CODES[status] ?? '';
  const body = JSON.stringify({ errors: [{ message }] });
  const head = [
    `HTTP/1.1 ${status} ${message}`,
    'Connection: close',
    'Cache-Control: no-store',
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/**
 * Listens on a port, 0 for any that is free, and answers which one it got.
 * @throws {Error} a plain sentence where the port can't be had
 */
export function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const inUse = error.code === 'EADDRINUSE';
      reject(inUse ? new Error(`Port ${port} is in use: stop what listens there, or choose another`) : error);
    });
    server.listen(port, () => {
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/**
 * Stops accepting connections, lets what runs finish, and ends each connection with its last answer.
 * @param graceMs after which the connections that are left are cut
 */
export async function drain(server: Server, graceMs: number): Promise<void> {
  server.prependListener('request', (_req, res) => {
    res.setHeader('Connection', 'close');
  });
  const closed = new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
  });
  // A connection whose request was under way when the server closed falls idle later.
  const idle = setInterval(() => {
    server.closeIdleConnections();
  }, 50);
  const grace = setTimeout(() => {
    server.closeAllConnections();
  }, graceMs);
  await closed;
  clearInterval(idle);
  clearTimeout(grace);
}
