import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import express from 'express';
import { createLogger } from '../logger';
import { createHttpServer, drain, listen } from '../server';

const silent = createLogger('silent');

const text = async (response: IncomingMessage): Promise<string> => {
  let body = '';
  for await (const part of response) body += String(part);
  return body;
};

/** Sends a request slowly, piece by piece, and returns everything received once the connection has closed. */
async function sendSlowly(port: number, first: string, more: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.on('error', () => undefined).on('data', (part) => (answer += part.toString()));
  socket.write(first);
  const timer = setInterval(() => socket.write(more), 100);
  await once(socket, 'close');
  clearInterval(timer);
  return answer;
}

describe('the server', () => {
  it('waits for headers and bodies no longer than a proxy waits for an answer', () => {
    const server = createHttpServer(() => undefined, silent);
    expect(server.headersTimeout).toBeLessThan(15_000);
    expect(server.requestTimeout).toBeLessThan(15_000);
  });

  it("S45 S60 ends requests with slow headers or a slow body, with an error in the contract's shape", async () => {
    const app = (req: IncomingMessage, res: { end: (text: string) => void }): void => {
      req.resume().once('end', () => {
        res.end('done');
      });
    };
    const server = createHttpServer(app, silent, { headersTimeout: 300, requestTimeout: 400 });
    const port = await listen(server, 0);
    const [headers, body] = await Promise.all([
      sendSlowly(port, 'GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ', 'x'),
      sendSlowly(port, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n', 'x'),
    ]);
    for (const answer of [headers, body]) {
      expect(answer).toMatch(/^HTTP\/1\.1 408 /);
      expect(answer).toContain('{"errors":[{"message":"Request Timeout","code":"request_timeout"}]}');
    }
    await drain(server, 1000);
  });

  it('R3 accepts a request on a connection that was idle for longer than the headers time-out', async () => {
    const server = createHttpServer((_req, res) => res.end('ok'), silent, {
      headersTimeout: 100,
      requestTimeout: 200,
    });
    const port = await listen(server, 0);
    const socket = connect(port, '127.0.0.1').setEncoding('utf8');
    for (let sent = 0; sent < 2; sent += 1) {
      socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      const [answer] = (await once(socket, 'data')) as [string];
      expect(answer).toMatch(/^HTTP\/1\.1 200 /);
      // Longer than both time-outs and the second between two checks of them.
      await new Promise((resolve) => setTimeout(resolve, 1500));
    }
    socket.destroy();
    await drain(server, 1000);
  });

  it('gives requests and responses the prototypes of the Express app before they reach it', async () => {
    const app = express().get('/', (req, res) => {
      res.json({
        ip: req.ip,
        same: prototypes.every((one, at) => one === Object.getPrototypeOf([req, res][at])),
      });
    });
    const server = createHttpServer(app, silent);
    let prototypes: unknown[] = [];
    server.prependListener('request', (...messages: object[]) => {
      prototypes = messages.map((message) => Object.getPrototypeOf(message) as unknown);
    });
    const port = await listen(server, 0);
    const [response] = (await once(get({ port }), 'response')) as [IncomingMessage];
    const answer: unknown = JSON.parse(await text(response));
    await drain(server, 1000);
    expect(answer).toEqual({
      ip: expect.stringContaining('127.0.0.1'),
      same: true,
    });
  });

  it('names a port that is in use', async () => {
    const first = createHttpServer(() => undefined, silent);
    const port = await listen(first, 0);
    await expect(
      listen(
        createHttpServer(() => undefined, silent),
        port,
      ),
    ).rejects.toThrow(`Port ${port} is in use`);
    await drain(first, 1000);
  });

  it('reports every other reason why it cannot listen', async () => {
    await expect(
      listen(
        createHttpServer(() => undefined, silent),
        70_000,
      ),
    ).rejects.toThrow(/port/i);
  });
});

describe('R2 draining', () => {
  it('lets running requests finish and closes idle connections', async () => {
    let answer: (() => void) | undefined;
    const server = createHttpServer((req, res) => {
      if (req.url === '/quick') res.end('quick');
      else answer = () => res.end('slow');
    }, silent);
    const port = await listen(server, 0);
    const agent = new Agent({ keepAlive: true });
    const [quick] = (await once(get({ port, path: '/quick', agent }), 'response')) as [IncomingMessage];
    expect(await text(quick)).toBe('quick');
    const slow = once(get({ port, path: '/slow', agent }), 'response') as Promise<[IncomingMessage]>;
    await once(server, 'request');
    const drained = drain(server, 5000);
    answer?.();
    const [response] = await slow;
    expect(await text(response)).toBe('slow');
    await drained;
    agent.destroy();
  });

  it('closes a connection on which the client sends another request', async () => {
    const server = createHttpServer((_req, res) => {
      setTimeout(() => res.end('late'), 100);
    }, silent);
    const port = await listen(server, 0);
    const socket = connect(port, '127.0.0.1').setEncoding('utf8');
    // The server is already draining when it reads the second request.
    socket.write('GET /1 HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(server, 'request');
    const drained = drain(server, 5000);
    socket.write('GET /2 HTTP/1.1\r\nHost: a\r\n\r\n');
    let answers = '';
    socket.on('data', (part: string) => (answers += part));
    await once(socket, 'close');
    expect(answers).toMatch(/^HTTP\/1\.1 200 /);
    await drained;
  });

  it('closes connections that do not finish within the grace period', async () => {
    const server = createHttpServer(() => undefined, silent);
    const port = await listen(server, 0);
    const request = get({ port });
    const failed = once(request, 'error');
    await once(server, 'request');
    await drain(server, 100);
    expect((await failed)[0]).toMatchObject({ code: 'ECONNRESET' });
  });
});
