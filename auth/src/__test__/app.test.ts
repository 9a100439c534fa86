import { gzipSync } from 'node:zlib';
import { mongo } from 'mongoose';
import { DatabaseConnectionError } from '../errors/database-connection-error';
import { ForbiddenError } from '../errors/forbidden-error';
import { sendRaw } from '../test/raw';
import { password, useService } from '../test/service';

const service = useService();
const signup = '/api/users/signup';
const errors = expect.arrayContaining([{ message: expect.any(String), code: expect.any(String) }]);

const raw = (text: string): Promise<string> => sendRaw(service.url, text);

describe('the app', () => {
  it.each([
    ['an unknown path', 'get', '/api/users/nothing/here', 404, 'Not Found', 'not_found'],
    ['a path outside the prefix', 'get', '/', 404, 'Not Found', 'not_found'],
    ['S8 a wrong method', 'put', signup, 405, 'Method Not Allowed', 'method_not_allowed'],
    ['S36 sign-out by GET', 'get', '/api/users/signout', 405, 'Method Not Allowed', 'method_not_allowed'],
    [
      'currentuser by POST',
      'post',
      '/api/users/currentuser',
      405,
      'Method Not Allowed',
      'method_not_allowed',
    ],
    ['a path that cannot be decoded', 'delete', '/api/users/sessions/%ff', 400, 'Bad Request', 'bad_request'],
  ] as const)(
    "answers %s with the contract's error shape",
    async (_what, method, path, status, message, code) => {
      const response = await service.api()[method](path).expect(status);
      expect(response.body).toEqual({ errors: [{ message, code }] });
      expect(response.type).toBe('application/json');
    },
  );

  it('lists the supported methods when it refuses another one', async () => {
    expect((await service.api().get(signup)).get('Allow')).toBe('POST');
    expect((await service.api().post('/api/users/sessions')).get('Allow')).toBe('GET, DELETE, HEAD');
  });

  it('answers HEAD where it answers GET', async () => {
    await service.api().head('/api/users/currentuser').expect(200);
  });
});

describe('the body parser', () => {
  const send = (body: string | Buffer, headers: Record<string, string> = {}) =>
    service
      .api()
      .post(signup)
      .set({ 'Content-Type': 'application/json', ...headers })
      .serialize((text) => text as unknown as string)
      .send(body as string);

  it.each(['{"email":', '{]', 'undefined', '"text"', '5', 'null', 'true', '', '{"a":1}{"b":2}'])(
    'S6 refuses the body %j with 400 and does not repeat it',
    async (body) => {
      const response = await send(body).expect(400);
      expect(response.body.errors[0].message).not.toContain('token');
    },
  );

  it('treats an array as an object without fields', async () => {
    const response = await send('[]').expect(400);
    expect(response.body.errors).toHaveLength(2);
  });

  it.each([
    ['text/plain', '{"email":"a@b.com","password":"12345678"}'],
    ['application/x-www-form-urlencoded', 'email=a%40b.com&password=12345678'],
    ['multipart/form-data; boundary=x', '--x--'],
    ['application/json-patch+json', '{}'],
    ['application/json; charset=latin1', '{}'],
    ['nonsense', '{}'],
  ])('S7 refuses the content type %s with 415', async (type, body) => {
    const response = await send(body, { 'Content-Type': type }).expect(415);
    expect(response.body).toEqual({ errors });
  });

  it('S7 refuses a body without a content type with 415', async () => {
    const answer = await raw(
      `POST ${signup} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 415 /);
    expect(answer).toContain(
      '{"errors":[{"message":"Content-Type must be application/json","code":"unsupported_media_type"}]}',
    );
  });

  it('S8 refuses corrupt gzip with 400 and an unknown encoding with 415', async () => {
    await send(Buffer.from('not gzip'), { 'Content-Encoding': 'gzip' }).expect(400, {
      errors: [{ message: 'Bad Request', code: 'bad_request' }],
    });
    await send('{}', { 'Content-Encoding': 'zstd' }).expect(415);
  });

  it('S8 S60 accepts gzip, and refuses a gzip bomb and a long body with 413', async () => {
    const good = gzipSync(JSON.stringify({ email: 'gzip@example.com', password }));
    await send(good, { 'Content-Encoding': 'gzip' }).expect(201);
    const bomb = gzipSync(Buffer.alloc(50 * 1024 * 1024, ' '));
    await send(bomb, { 'Content-Encoding': 'gzip' }).expect(413);
    const response = await send(JSON.stringify({ email: 'a'.repeat(17 * 1024) })).expect(413);
    expect(response.body).toEqual({ errors: [{ message: 'Payload Too Large', code: 'body_too_large' }] });
  });

  it('accepts a body of 16 KiB', async () => {
    const body = JSON.stringify({ email: 'full@example.com', password, filler: '' });
    const filled = body.replace('""', `"${'x'.repeat(16 * 1024 - body.length)}"`);
    await send(filled).expect(201);
  });

  it('S8 survives 8,000 levels of nesting, and refuses 20,000 levels as too long', async () => {
    const nested = (levels: number): string => `{"email":${'['.repeat(levels)}${']'.repeat(levels)}}`;
    await send(nested(8000)).expect(400);
    await send(nested(20_000)).expect(413);
    await send(
      `{"email":"deep@example.com","password":"${password}","x":${'{"a":'.repeat(2000)}1${'}'.repeat(2000)}}`,
    ).expect(201);
  });

  it('S8 refuses a hostile e-mail of 15 kB with 400 and one of 100 kB with 413', async () => {
    const hostile = (length: number) => ({ email: `${'a.'.repeat(length / 2)}@`, password });
    await service.api().post(signup).send(hostile(15_000)).expect(400);
    await service.api().post(signup).send(hostile(100_000)).expect(413);
  });

  it('refuses bytes that are not UTF-8', async () => {
    const response = await send(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])).expect(400);
    expect(response.body).toEqual({ errors: [{ message: 'Body is not UTF-8', code: 'malformed_json' }] });
  });

  it('S4 ignores __proto__ and constructor', async () => {
    await send(
      `{"__proto__":{"email":"p@example.com","role":"admin"},"constructor":{"prototype":{"role":"admin"}},"email":"proto@example.com","password":"${password}"}`,
    ).expect(201);
    const user = await service.users.findOne({ email: 'proto@example.com' }).lean();
    expect(user?.role).toBe('user');
    expect(({} as Record<string, unknown>)['role']).toBeUndefined();
    await send(`{"__proto__":{"email":"q@example.com","password":"${password}"}}`).expect(400);
  });
});

describe('malformed or unusual HTTP', () => {
  it.each([
    [
      'both a length and chunks',
      `POST ${signup} HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      400,
    ],
    [
      'two lengths',
      `POST ${signup} HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcde`,
      400,
    ],
    ['no HTTP at all', 'hello\r\n\r\n', 400],
    ['20 kB of headers', `GET / HTTP/1.1\r\nHost: a\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
  ])("S8 S60 gets an error in the contract's shape: %s", async (_what, text, status) => {
    const answer = await raw(text);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    const code = status === 431 ? 'headers_too_large' : 'bad_request';
    expect(answer).toMatch(new RegExp(`\r\n\r\n{"errors":\\[{"message":"[\\w ]+","code":"${code}"}\\]}$`));
  });

  it('gets a normal response if only its Expect header is unknown', async () => {
    const answer = await raw(
      'GET /api/users/currentuser HTTP/1.1\r\nHost: a\r\nExpect: tea\r\nConnection: close\r\n\r\n',
    );
    expect(answer).toContain('{"currentUser":null}');
  });
});

describe('S35 requests that change state', () => {
  const signout = (headers: Record<string, string>) => service.api().post('/api/users/signout').set(headers);

  it.each([
    { Origin: 'https://evil.example' },
    { Origin: 'null' },
    { Origin: 'http://localhost:3000.evil.example' },
    { Origin: 'https://localhost:3000' },
    { 'Sec-Fetch-Site': 'cross-site' },
    { Origin: 'http://localhost:3000', 'Sec-Fetch-Site': 'cross-site' },
  ])('are refused with the headers %j', async (headers) => {
    const response = await signout(headers as Record<string, string>).expect(403);
    expect(response.body.errors).toEqual([{ message: expect.any(String), code: 'foreign_origin' }]);
    await service
      .api()
      .delete('/api/users/sessions')
      .set(headers as Record<string, string>)
      .expect(403);
  });

  it("are accepted from the request's own host, from PUBLIC_URL and without an Origin header", async () => {
    await signout({ Origin: service.url }).expect(200);
    await signout({ Origin: 'http://localhost:3000', 'Sec-Fetch-Site': 'same-origin' }).expect(200);
    await signout({}).expect(200);
  });

  it('do not include GET requests, which any origin may send', async () => {
    await service.api().get('/api/users/currentuser').set('Origin', 'https://evil.example').expect(200);
  });
});

describe('response headers', () => {
  it.each([
    ['get', '/api/users/currentuser', 200],
    ['post', signup, 400],
    ['get', '/nothing', 404],
  ] as const)('S37 S38 include the security headers on %s %s', async (method, path, status) => {
    const { headers } = await service.api()[method](path).set('Origin', service.url).expect(status);
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'content-security-policy': expect.stringContaining("frame-ancestors 'none'"),
      'strict-transport-security': expect.stringMatching(/^max-age=31536000/),
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'x-request-id': expect.stringMatching(/^[\w-]{36}$/),
    });
    expect(Object.keys(headers).filter((name) => /powered|^etag|access-control/.test(name))).toEqual([]);
  });

  it('S37 allow a foreign origin nothing, even after a preflight request', async () => {
    const response = await service
      .api()
      .options(signup)
      .set({ Origin: 'https://evil.example', 'Access-Control-Request-Method': 'POST' });
    expect(response.status).toBe(405);
    expect(
      Object.keys(response.headers as object).filter((name) => name.startsWith('access-control')),
    ).toEqual([]);
  });

  it("repeat the caller's request id if it is well-formed, and otherwise contain a new one", async () => {
    const requestWithId = (id: string) => service.api().get('/api/users/currentuser').set('X-Request-Id', id);
    expect((await requestWithId('trace-1')).get('X-Request-Id')).toBe('trace-1');
    expect((await requestWithId('{"forged":1}')).get('X-Request-Id')).not.toContain('forged');
    expect((await requestWithId('x'.repeat(65))).get('X-Request-Id')).toHaveLength(36);
  });
});

describe('the error handler', () => {
  // The mail worker reads users too, so it could hit the mocked failure before the request does.
  beforeEach(() => service.mailSettled());

  it('answers an unknown error with 500 and logs its cause', async () => {
    const find = jest.spyOn(service.users, 'findOne').mockImplementationOnce(() => {
      throw new Error('outer', { cause: new TypeError('the cause') });
    });
    const response = await service
      .api()
      .post('/api/users/signin')
      .send({ email: 'a@example.com', password })
      .expect(500);
    expect(response.body).toEqual({ errors: [{ message: 'Something went wrong', code: 'internal' }] });
    expect(service.logs).toContainEqual(
      expect.objectContaining({
        level: 'error',
        requestId: response.get('X-Request-Id'),
        err: expect.objectContaining({
          message: 'outer',
          cause: expect.objectContaining({ message: 'the cause' }),
        }),
      }),
    );
    find.mockRestore();
  });

  it('answers a thrown value that is not an Error with 500', async () => {
    const find = jest.spyOn(service.users, 'findOne').mockImplementationOnce(() => {
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- a careless library may do this
      throw 'text';
    });
    await service.api().post('/api/users/signin').send({ email: 'a@example.com', password }).expect(500);
    find.mockRestore();
  });

  it('S50 answers a database failure with 503 and Retry-After', async () => {
    const find = jest.spyOn(service.users, 'findOne').mockImplementationOnce(() => {
      throw new mongo.MongoNetworkError('connect ECONNREFUSED 10.0.0.1:27017');
    });
    const response = await service
      .api()
      .post('/api/users/signin')
      .send({ email: 'a@example.com', password })
      .expect(503);
    expect(response.body).toEqual({
      errors: [{ message: 'Database not reachable', code: 'database_unavailable' }],
    });
    expect(response.get('Retry-After')).toMatch(/^\d+$/);
    find.mockRestore();
  });

  it('answers a failed write with 500 unless it is a duplicate', async () => {
    const save = jest.spyOn(service.users.prototype, 'save').mockRejectedValueOnce(new Error('disk full'));
    await service.api().post(signup).send({ email: 'full-disk@example.com', password }).expect(500);
    save.mockRestore();
  });

  it('uses the status codes of the contract', () => {
    expect(new DatabaseConnectionError(new Error('x')).statusCode).toBe(503);
    expect(new DatabaseConnectionError(new Error('x')).headers).toHaveProperty('Retry-After');
    expect(new ForbiddenError().serializeErrors()).toEqual([{ message: 'Forbidden', code: 'forbidden' }]);
  });
});

describe('S48 S47 the log', () => {
  it('has one JSON line per event, whatever a request contains', async () => {
    const email = 'a\r\n{"level":"fatal","msg":"forged"}\u001b[2J\u2028@example.com';
    await service
      .api()
      .post('/api/users/signin?token=in-the-query')
      .set('User-Agent', 'x{"msg":"forged"}')
      .send({ email, password: 'line\nbreak and more' })
      .expect(400);
    await raw(`GET /api/users/%0a%0d{"msg":"forged"}?a=1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    expect(service.logs.filter(({ msg, level }) => msg === 'forged' || level === 'fatal')).toEqual([]);
    expect(JSON.stringify(service.logs)).not.toContain('in-the-query');
  });

  it('records the id, method, path, status, IP address and duration of each request', async () => {
    const response = await service.api().get('/api/users/currentuser').set('X-Forwarded-For', '203.0.113.7');
    expect(service.logs).toContainEqual(
      expect.objectContaining({
        level: 'info',
        requestId: response.get('X-Request-Id'),
        req: { method: 'GET', path: '/api/users/currentuser', ip: '203.0.113.7' },
        res: { statusCode: 200 },
        responseTime: expect.any(Number),
      }),
    );
  });
});
