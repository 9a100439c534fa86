import { once } from 'node:events';
import { connect } from 'node:net';
import { createHttpServer, drain, listen } from '../server';
import { securityHeaders } from '../middlewares/security-headers';
import { responsesIn, sendRaw } from '../test/raw';
import { useService } from '../test/service';

const service = useService();
const signup = 'POST /api/users/signup HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n';
const good = 'GET /api/users/currentuser HTTP/1.1\r\nHost: a\r\n\r\n';

function expectRefusal(received: string, status: number): void {
  const response = responsesIn(received).at(-1);
  const headers = response?.headers ?? new Map<string, string>();
  const body = response?.body ?? '';
  expect(response?.status).toBe(status);
  const error = { message: expect.any(String), code: expect.stringMatching(/^[a-z_]+$/) };
  expect(JSON.parse(body)).toEqual({ errors: [error] });
  for (const [name, value] of Object.entries(securityHeaders))
    expect(headers.get(name.toLowerCase())).toBe(value);
  expect(headers.get('cache-control')).toBe('no-store');
  expect(headers.get('content-length')).toBe(String(body.length));
  expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
  const logged = service.logs.filter(({ requestId }) => requestId === headers.get('x-request-id'));
  expect(logged).toEqual([
    expect.objectContaining({
      level: status === 408 ? 'warn' : 'info',
      res: { statusCode: status },
      req: expect.objectContaining({ ip: '127.0.0.1' }),
    }),
  ]);
  expect(JSON.stringify(logged)).not.toContain('stack');
}

describe("F4 what is refused before it becomes a request has the contract's shape, headers and one line in the log", () => {
  it.each([
    ['no Host', 'GET /api/users/currentuser HTTP/1.1\r\n\r\n', 400],
    [
      'two Hosts',
      'GET /api/users/currentuser HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n',
      400,
    ],
    ['no HTTP', 'hello\r\n\r\n', 400],
    ['NUL bytes', '\0'.repeat(100), 400],
    ['a TLS hello', Buffer.from('160301020001000001fc0303', 'hex').toString('latin1'), 400],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
    ['an unknown method', 'BREW /api/users/signin HTTP/1.1\r\nHost: a\r\n\r\n', 400],
    ['CONNECT', 'CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\n', 400],
    ['an unknown version', 'GET / HTTP/3.7\r\nHost: a\r\n\r\n', 400],
    ['a space in the path', 'GET /a b HTTP/1.1\r\nHost: a\r\n\r\n', 400],
    ['a header without a colon', 'GET / HTTP/1.1\r\nHost: a\r\nbroken\r\n\r\n', 400],
    ['a control character in a header', 'GET / HTTP/1.1\r\nHost: a\r\nX: \x01\r\n\r\n', 400],
    ['20 kB of headers', `GET / HTTP/1.1\r\nHost: a\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    [
      '1 MB of headers',
      `GET / HTTP/1.1\r\nHost: a\r\n${`X-Long: ${'x'.repeat(1000)}\r\n`.repeat(1000)}\r\n`,
      431,
    ],
    ['a path of 20 kB', `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 431],
    [
      'a length with chunks',
      `${signup}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      400,
    ],
    ['two lengths', `${signup}Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcde`, 400],
    ['a negative length', `${signup}Content-Length: -1\r\n\r\n`, 400],
    ['a bad chunk', `${signup}Transfer-Encoding: chunked\r\n\r\nnot hexadecimal\r\n`, 400],
    ['a bad second chunk', `${signup}Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\nzz\r\n`, 400],
    [
      'a long chunk extension',
      `${signup}Transfer-Encoding: chunked\r\n\r\n1;${'x'.repeat(20_000)}\r\n{\r\n`,
      413,
    ],
    ['a coding other than chunks', `${signup}Transfer-Encoding: gzip\r\n\r\n{}`, 400],
  ])('%s', async (_what, text, status) => {
    expectRefusal(await sendRaw(service.url, Buffer.from(text, 'latin1')), status);
  });

  it('garbage after good requests, which are answered before', async () => {
    const received = await sendRaw(service.url, `${good}${good}garbage\r\n\r\n`);
    expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200', 'HTTP/1.1 400']);
    expect(received.match(/\{"currentUser":null\}/g)).toHaveLength(2);
    expectRefusal(received, 400);
  });

  it('a client that sends on is heard out, and still gets the response', async () => {
    const received = await sendRaw(
      service.url,
      Buffer.from(`garbage\r\n\r\n${'more garbage '.repeat(100_000)}`),
    );
    expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 400']);
    expectRefusal(received, 400);
  });

  it('a body that went wrong after its request was answered ends the connection', async () => {
    const headers = 'POST /api/users/signout HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
    const received = await sendRaw(service.url, `${headers}1\r\nx\r\nnot hexadecimal\r\n`);
    expect(received.match(/HTTP\/1\.1 \d+/g)).toHaveLength(1);
  });
});

describe('S45 F4 a request that is not complete in time', () => {
  it.each([
    ['headers', 'GET / HTTP/1.1\r\nHost: a\r\nX-Slow: '],
    ['nothing at all', ''],
    ['a body of a given length', `${signup}Content-Length: 1000\r\n\r\n{`],
    ['a body without its first byte', `${signup}Content-Length: 1000\r\n\r\n`],
    ['a body in chunks', `${signup}Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n`],
    ['a body of another type', `POST /api/users/signout HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n`],
  ])('gets 408 in the same shape: %s', async (_what, text) => {
    const { headersTimeout, requestTimeout } = service.server;
    Object.assign(service.server, { headersTimeout: 300, requestTimeout: 400 });
    const received = await sendRaw(service.url, text);
    Object.assign(service.server, { headersTimeout, requestTimeout });
    expectRefusal(received, 408);
  });
});

describe('a connection', () => {
  it('that is reset is closed without a line', async () => {
    const before = service.logs.length;
    const socket = connect(Number(new URL(service.url).port), '127.0.0.1');
    await once(socket, 'connect');
    const failed = once(service.server, 'clientError');
    socket.write('GET / HTT');
    socket.resetAndDestroy();
    await failed;
    expect(service.logs.slice(before)).toEqual([]);
  });

  it('to a server without an app of ours gets the same refusals', async () => {
    const lines: unknown[] = [];
    const logger = { info: (line: unknown) => lines.push(line) } as never;
    const server = createHttpServer(() => undefined, logger);
    const received = await sendRaw(
      `http://127.0.0.1:${await listen(server, 0)}`,
      `${signup}Content-Length: x\r\n\r\n`,
    );
    expect(responsesIn(received)).toMatchObject([{ status: 400 }]);
    expect(lines).toHaveLength(1);
    await drain(server, 1000);
  });
});

describe('If-None-Match', () => {
  it.each(['*', '"x"', 'W/"x", *'])('never makes a 304: %s', async (value) => {
    const response = await service
      .api()
      .get('/api/users/currentuser')
      .set('If-None-Match', value)
      .expect(200);
    expect(response.body).toEqual({ currentUser: null });
  });
});
