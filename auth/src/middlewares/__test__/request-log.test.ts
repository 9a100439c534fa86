import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import express, { type RequestHandler } from 'express';
import { DatabaseConnectionError } from '../../errors/database-connection-error';
import { TooBusyError } from '../../errors/too-busy-error';
import { createLogger } from '../../logger';
import { createHttpServer, listen } from '../../server';
import { until } from '../../test/process';
import { callerOf } from '../caller';
import { errorHandler } from '../error-handler';
import { requestLog } from '../request-log';

let lines: Record<string, unknown>[] = [];
let handle: RequestHandler = () => undefined;
let server: Server;
let port: number;

beforeAll(async () => {
  const logger = createLogger('debug', {
    write: (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>),
  });
  const app = express()
    .use(requestLog(logger))
    .use((req, res, next) => {
      handle(req, res, next);
    })
    .use(errorHandler);
  server = createHttpServer(app, logger, { headersTimeout: 300, requestTimeout: 400 });
  port = await listen(server, 0);
});

afterEach(() => {
  lines = [];
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** Sends a request with that handler, and resolves once the connection is closed and there is a line. */
async function request(handler: RequestHandler): Promise<void> {
  handle = handler;
  const socket = connect(port, '127.0.0.1').resume();
  socket.on('error', () => undefined);
  socket.write('GET /path?secret=1 HTTP/1.1\r\nHost: a\r\nX-Request-Id: an-id\r\nConnection: close\r\n\r\n');
  await once(socket, 'close');
  await until(() => Promise.resolve(lines.length > 0));
}

/** Sends so many requests on one connection, whose handlers wait until the caller hangs up, and hangs up. */
async function hangUp(requests: number, afterwards: (aborted: boolean) => void): Promise<void> {
  let begun = 0;
  const done: Promise<void>[] = [];
  handle = (req, _res, next) => {
    begun += 1;
    const { signal } = callerOf(req);
    done.push(
      once(signal, 'abort').then(() => {
        try {
          afterwards(signal.aborted);
        } catch (error) {
          next(error);
        }
      }),
    );
  };
  const socket: Socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write('GET /path HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(requests));
  await until(() => Promise.resolve(begun === requests));
  socket.destroy();
  await until(() => Promise.resolve(done.length === requests && lines.length >= requests));
  await Promise.all(done);
}

const base = {
  requestId: 'an-id',
  req: { method: 'GET', path: '/path', ip: expect.stringContaining('127.0.0.1') },
};

describe('the log has one line', () => {
  it('of level info for a request that is answered', async () => {
    await request((_req, res) => res.send('well'));
    expect(lines).toEqual([expect.objectContaining({ ...base, level: 'info', res: { statusCode: 200 } })]);
  });

  it.each([
    ['an error', new Error('secret of the driver', { cause: new Error('its cause') })],
    ['another value', 'text'],
  ])('of level error, with cause and stack, for a request that fails with %s', async (_what, failure) => {
    await request((_req, _res, next) => {
      next(failure);
    });
    expect(lines).toEqual([
      expect.objectContaining({
        ...base,
        level: 'error',
        res: { statusCode: 500 },
        err: expect.objectContaining({ stack: expect.any(String), cause: expect.anything() }),
      }),
    ]);
  });

  it('of level error for a response that fails when it has begun; Express prints nothing', async () => {
    const printed = jest.spyOn(console, 'error').mockImplementation();
    const { NODE_ENV } = process.env;
    process.env['NODE_ENV'] = 'production';
    await request((_req, res, next) => {
      res.write('begun');
      next(new Error('late'));
    });
    process.env['NODE_ENV'] = NODE_ENV;
    expect(lines).toEqual([
      expect.objectContaining({ ...base, level: 'error', err: expect.objectContaining({ message: 'late' }) }),
    ]);
    expect(printed).not.toHaveBeenCalled();
    printed.mockRestore();
  });

  it.each<[string, Error]>([
    ['Too busy', new TooBusyError()],
    ['Database not reachable: timed out', new DatabaseConnectionError(new Error('timed out'))],
  ])('of level warn, without a stack, for a request that is turned away: %s', async (reason, error) => {
    await request((_req, _res, next) => {
      next(error);
    });
    expect(lines).toEqual([
      expect.objectContaining({ ...base, level: 'warn', reason, res: { statusCode: 503 } }),
    ]);
    expect(JSON.stringify(lines)).not.toContain('stack');
  });

  it.each([
    ['headers', 'GET /path HTTP/1.1\r\nHost: a\r\n'],
    ['body', 'POST /path HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n'],
  ])('of level warn, without a stack, for a request whose %s are too slow', async (_what, begun) => {
    handle = express.json();
    const socket = connect(port, '127.0.0.1').resume();
    socket.write(begun);
    await once(socket, 'close');
    await until(() => Promise.resolve(lines.length > 0));
    expect(lines).toEqual([expect.objectContaining({ level: 'warn', res: { statusCode: 408 } })]);
    expect(JSON.stringify(lines)).not.toContain('stack');
  });

  it.each([1, 20])(
    'of level info for each of %d requests on a connection that the caller closes',
    async (count) => {
      await hangUp(count, () => undefined);
      expect(lines).toHaveLength(count);
      for (const line of lines)
        expect(line).toMatchObject({ level: 'info', msg: 'caller hung up', req: base.req, res: {} });
    },
  );

  it('more for a failure that comes when the caller has hung up, unless the service turns it away', async () => {
    await hangUp(1, () => {
      throw new TooBusyError();
    });
    expect(lines).toHaveLength(1);
    lines = [];
    await hangUp(1, () => {
      throw new Error('unexpected');
    });
    await until(() => Promise.resolve(lines.length === 2));
    expect(lines[1]).toMatchObject({ level: 'error', err: { message: 'unexpected' } });
  });
});
