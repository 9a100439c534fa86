import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { answerMalformedRequests } from './malformed-requests';
import { messageClasses } from './message-classes';

const timeouts = {
  // Counts from the first byte of a request. Idle time of the connection before it does not count.
  headersTimeout: 10_000,
  requestTimeout: 14_000,
};

// All headers of a request together. Cookies of other applications on the same host may take most of it.
const maxHeaderBytes = 16 * 1024;

/** An HTTP server whose responses to malformed requests have the contract's shape and headers too. */
export function createHttpServer(
  app: RequestListener,
  logger: Logger,
  overrides: Partial<typeof timeouts & Pick<Server, 'keepAliveTimeout'>> = {},
): Server {
  const server = createServer(
    {
      ...messageClasses(app),
      connectionsCheckingInterval: 1000,
      maxHeaderSize: maxHeaderBytes,
      // Node's own refusal has no body. The app answers instead.
      requireHostHeader: false,
    },
    app,
  );
  Object.assign(server, timeouts, overrides);
  answerMalformedRequests(server, logger);
  // An unknown expectation may be ignored (RFC 9110, section 10.1.1).
  server.on('checkExpectation', app);
  return server;
}

/**
 * Listens on a port (0 means any free one) and returns the port.
 * @throws {Error} with a plain sentence if the port is in use
 */
export function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const inUse = error.code === 'EADDRINUSE';
      reject(
        inUse
          ? new Error(`Port ${port} is in use: stop the program that uses it, or choose another port`)
          : error,
      );
    });
    server.listen(port, () => {
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/**
 * Stops accepting connections, lets running requests finish, and closes each connection after its last response.
 * @param graceMs the time after which the remaining connections are closed by force
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
  // A connection that was busy when the server closed becomes idle later.
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
