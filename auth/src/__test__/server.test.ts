import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { createHttpServer, drain, listen } from '../server';

const text = async (response: IncomingMessage): Promise<string> => {
  let body = '';
  for await (const part of response) body += String(part);
  return body;
};

/** Sends the pieces with a pause between them; answers all that comes back, when the connection has ended. */
async function dribble(port: number, first: string, more: string): Promise<string> {
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
  it('outlasts the 60 s for which nginx keeps a connection', () => {
    const server = createHttpServer(() => undefined);
    expect(server.keepAliveTimeout).toBeGreaterThan(65_000);
    expect(server.headersTimeout).toBeLessThan(15_000);
    expect(server.requestTimeout).toBeLessThan(15_000);
  });

  it('S45 cuts slow headers and slow bodies, in the shape of all errors', async () => {
    const app = (req: IncomingMessage, res: { end: (text: string) => void }): void => {
      req.resume().once('end', () => {
        res.end('done');
      });
    };
    const server = createHttpServer(app, { headersTimeout: 300, requestTimeout: 400 });
    const port = await listen(server, 0);
    const [headers, body] = await Promise.all([
      dribble(port, 'GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ', 'x'),
      dribble(port, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n', 'x'),
    ]);
    for (const answer of [headers, body]) {
      expect(answer).toMatch(/^HTTP\/1\.1 408 /);
      expect(answer).toContain('{"errors":[{"message":"Request Timeout"}]}');
    }
    await drain(server, 1000);
  });

  it('R3 takes a request on a connection that was idle for longer than headers may take', async () => {
    const server = createHttpServer((_req, res) => res.end('ok'), {
      headersTimeout: 100,
      requestTimeout: 200,
    });
    const port = await listen(server, 0);
    const socket = connect(port, '127.0.0.1').setEncoding('utf8');
    for (let asked = 0; asked < 2; asked += 1) {
      socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      const [answer] = (await once(socket, 'data')) as [string];
      expect(answer).toMatch(/^HTTP\/1\.1 200 /);
      // Longer than the limits and the second in which they are looked at.
      await new Promise((resolve) => setTimeout(resolve, 1500));
    }
    socket.destroy();
    await drain(server, 1000);
  });

  it('says which port is taken', async () => {
    const first = createHttpServer(() => undefined);
    const port = await listen(first, 0);
    await expect(
      listen(
        createHttpServer(() => undefined),
        port,
      ),
    ).rejects.toThrow(`Port ${port} is in use`);
    await drain(first, 1000);
  });

  it('says what else keeps it from a port', async () => {
    await expect(
      listen(
        createHttpServer(() => undefined),
        70_000,
      ),
    ).rejects.toThrow(/port/i);
  });
});

describe('R2 draining', () => {
  it('lets what runs finish, and ends idle connections', async () => {
    let answer: (() => void) | undefined;
    const server = createHttpServer((req, res) => {
      if (req.url === '/quick') res.end('quick');
      else answer = () => res.end('slow');
    });
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

  it('tells a caller who asks again on an open connection that it will close', async () => {
    const server = createHttpServer((_req, res) => {
      setTimeout(() => res.end('late'), 100);
    });
    const port = await listen(server, 0);
    const socket = connect(port, '127.0.0.1').setEncoding('utf8');
    // Two at once: the second is read when the server is closing already.
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

  it('cuts what does not finish in time', async () => {
    const server = createHttpServer(() => undefined);
    const port = await listen(server, 0);
    const request = get({ port });
    const failed = once(request, 'error');
    await once(server, 'request');
    await drain(server, 100);
    expect((await failed)[0]).toMatchObject({ code: 'ECONNRESET' });
  });
});
