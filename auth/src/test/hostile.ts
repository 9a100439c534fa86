import { deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { endpoints } from './endpoints';

/** A request in bytes, made to do harm. */
export interface HostileRequest {
  method: string;
  /** Whose session cookie it has. */
  as: 'nobody' | 'user' | 'admin' | 'both';
  bytes: (cookies: Record<string, string>, userId: string) => Buffer;
  /** Cut off: the client closes its side before the end. */
  cut: boolean;
}

const deep = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;
const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1');

/** JSON that takes the place of a field's value. */
const values = fc.oneof(
  fc.constantFrom(
    'null',
    'true',
    '-1',
    '0',
    '1e999',
    '1e-999',
    '9007199254740993',
    '"\\u0000"',
    '"\\ud800"',
    '""',
  ),
  fc.constantFrom(
    '{"$gt":""}',
    '[]',
    '["a"]',
    '{"__proto__":{"role":"admin"}}',
    '{"toString":1}',
    deep(3000),
  ),
  fc.constantFrom(
    `"${'n'.repeat(5000)}"`,
    '"a@b"',
    '"\\u202e"',
    '"é@b.com"',
    '"%00"',
    '"\\r\\nSet-Cookie: a=b"',
  ),
  fc.json({ maxDepth: 3 }).filter((json) => !json.includes('__proto__')),
);

/** The valid body of an endpoint, with one field in disorder. */
const spoilt = (body: Record<string, unknown> = {}) =>
  fc
    .tuple(fc.constantFrom('__proto__', 'constructor', '$where', ...Object.keys(body)), values)
    .map(([field, value]) => {
      const others = Object.entries(body).filter(([name]) => name !== field);
      const parts = [
        ...others.map(([name, other]) => `${JSON.stringify(name)}:${JSON.stringify(other)}`),
        `"${field}":${value}`,
      ];
      return Buffer.from(`{${parts.join(',')}}`);
    });

const junk = fc.constantFrom(
  ...[
    '',
    '{',
    '[]',
    'null',
    '5',
    '"text"',
    '\0',
    '{"a":1}{"b":2}',
    '{"__proto__":null}',
    deep(8000),
    'a=b&c[d]=e',
  ].map(bytesOf),
  bytesOf(`{"filler":"${'f'.repeat(17_000)}"}`),
  Buffer.from([0xff, 0xfe, 0x7b]),
);

const bomb = gzipSync(Buffer.alloc(10_000_000));

const encodings = fc.constantFrom<[string, (body: Buffer) => Buffer]>(
  ['', (body) => body],
  ['', (body) => body],
  ['Content-Encoding: gzip', (body) => gzipSync(body)],
  ['Content-Encoding: deflate', (body) => deflateSync(body)],
  ['Content-Encoding: gzip', () => bomb],
  ['Content-Encoding: gzip', (body) => gzipSync(body).subarray(0, 15)],
  ['Content-Encoding: gzip', (body) => body],
  ['Content-Encoding: zstd', (body) => body],
  ['Content-Encoding: gzip, gzip', (body) => body],
);

const types = fc.constantFrom(
  ...[
    '',
    'text/plain',
    'application/json; charset=latin1',
    'application/json;charset=utf-16',
    'multipart/form-data',
    '\xff',
    '/',
  ],
  ...Array.from({ length: 9 }, () => 'application/json'),
);

const framings = fc.constantFrom<(body: Buffer) => [string, Buffer]>(
  (body) => [`Content-Length: ${body.length}`, body],
  (body) => [`Content-Length: ${body.length}`, body],
  (body) => ['Transfer-Encoding: chunked', chunked(body)],
  (body) => [`Content-Length: ${body.length}\r\nTransfer-Encoding: chunked`, chunked(body)],
  (body) => ['Transfer-Encoding: chunked', Buffer.concat([bytesOf('zz\r\n'), body])],
  (body) => ['Transfer-Encoding: gzip, chunked', chunked(body)],
  () => ['', Buffer.alloc(0)],
);

const chunked = (body: Buffer): Buffer =>
  Buffer.concat([
    ...(body.length > 0 ? [bytesOf(`${body.length.toString(16)};x=y\r\n`), body, bytesOf('\r\n')] : []),
    bytesOf('0\r\n\r\n'),
  ]);

/** Nothing in three of four requests. */
const seldom = (odd: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.oneof({ weight: 3, arbitrary: fc.constant('') }, { weight: 1, arbitrary: odd });

const paths = seldom(
  fc.constantFrom(
    '%ff',
    '/%00',
    '/..',
    '/../..',
    '//',
    '%2e%2e',
    '/%',
    '/%c0%af',
    ';a=b',
    `/${'p'.repeat(8000)}`,
    '/\xff',
    '#a',
  ),
);

const queries = seldom(
  fc.constantFrom(
    ...[
      '?',
      '?email=',
      '?email[$gt]=',
      '?email=a&email=b',
      '?role[]=admin',
      '?limit=1e3',
      '?limit=',
      '?limit[a]=1',
      '?cursor=%00',
    ],
    ...[
      '?cursor=\xff',
      '?cursor=e30',
      `?cursor=${'c'.repeat(4000)}`,
      '?__proto__[a]=1',
      `?${'a[b]'.repeat(500)}=1`,
      '?%',
      '?email=%ff',
    ],
  ),
);

const hostileText = fc.constantFrom(
  '',
  'u'.repeat(3000),
  '\xff\xfe\x80',
  '"',
  '%',
  '{"$gt":""}',
  '1.2.3.4:5',
  '[::1]:443',
  'unknown',
  ',,',
  '*',
  '-1',
  '__proto__',
  'x;y=z',
);
const headerNames = fc.constantFrom(
  ...[
    'X-Forwarded-For',
    'X-Forwarded-Proto',
    'X-Forwarded-Host',
    'User-Agent',
    'X-Request-Id',
    'Accept',
    'Accept-Encoding',
  ],
  ...[
    'If-None-Match',
    'If-Modified-Since',
    'If-Match',
    'Range',
    'Expect',
    'Origin',
    'Sec-Fetch-Site',
    'Cookie',
    'Referer',
    'Host',
  ],
  ...[
    'Authorization',
    'Upgrade',
    'TE',
    'X-HTTP-Method-Override',
    '__proto__',
    'Content-Type',
    'Cache-Control',
    'Forwarded',
  ],
);
const cookieTexts = fc.constantFrom(
  'session=',
  'session=%',
  'session="x"',
  `a=${'a'.repeat(12_000)}`,
  Array(300).fill('session=e30').join('; '),
  '\xff=\xff',
  '__proto__=x',
  `session=${Buffer.from('{"jwt":"a.b.c"}').toString('base64')}`,
);
const headers = fc.array(
  fc.oneof(
    fc.tuple(headerNames, hostileText).map(([name, text]) => `${name}: ${text}`),
    cookieTexts.map((text) => `Cookie: ${text}`),
  ),
  { maxLength: 3 },
);

/** Any endpoint, and more often than not a request that gets past the door. */
export const hostileRequest: fc.Arbitrary<HostileRequest> = fc
  .constantFrom(...endpoints)
  .chain(([method, path, , body]) =>
    fc
      .record({
        method: fc.oneof(
          { weight: 8, arbitrary: fc.constant(method.toUpperCase()) },
          {
            weight: 1,
            arbitrary: fc.constantFrom('HEAD', 'OPTIONS', 'TRACE', 'GET', 'POST', 'BREW', 'get', 'PROPFIND'),
          },
        ),
        as: fc.constantFrom('nobody', 'user', 'admin', 'both'),
        ownId: fc.boolean(),
        tail: fc.tuple(paths, queries),
        headers,
        type: types,
        body: fc.oneof({ weight: 3, arbitrary: spoilt(body) }, { weight: 1, arbitrary: junk }),
        encoding: encodings,
        framing: framings,
        cutAt: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { freq: 12, nil: undefined }),
      })
      .map((parts) => ({
        method: parts.method,
        as: parts.as,
        cut: parts.cutAt !== undefined,
        bytes: (cookies: Record<string, string>, userId: string) => {
          const [encoding, encode] = parts.encoding;
          const [framing, framed] = parts.framing(encode(parts.body));
          const place = parts.ownId ? path.replace(/[0-9a-f]{24}/, userId) : path;
          const { user = '', admin = '' } = cookies;
          const cookie = { nobody: '', user, admin, both: `${user}; ${admin}` }[parts.as];
          const lines = [
            `${parts.method} /api/users${place}${parts.tail.join('')} HTTP/1.1`,
            'Host: localhost',
            'Connection: close',
            ...(cookie ? [`Cookie: ${cookie}`] : []),
            ...parts.headers,
            ...(parts.type ? [`Content-Type: ${parts.type}`] : []),
            ...[encoding, framing].filter(Boolean),
          ];
          const whole = Buffer.concat([bytesOf(`${lines.join('\r\n')}\r\n\r\n`), framed]);
          return whole.subarray(0, Math.floor(whole.length * (parts.cutAt ?? 1)));
        },
      })),
  );
