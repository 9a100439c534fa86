import { sendRaw } from '../../test/raw';
import { sessionCookieOf, jwtFrom } from '../../test/cookies';
import { password, useService } from '../../test/service';

const service = useService();

const framings = {
  'no framing': '',
  'a length of 0': 'Content-Length: 0\r\n',
  'a length of 0 and a type': 'Content-Type: text/plain\r\nContent-Length: 0\r\n',
  chunks: 'Transfer-Encoding: chunked\r\n',
  'chunks and a type': 'Content-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n',
  'chunks and JSON': 'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n',
  'chunks and another character set':
    'Content-Type: application/json; charset=latin1\r\nTransfer-Encoding: chunked\r\n',
  'chunks and gzip': 'Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n',
  'a length of 0 and an unknown encoding': 'Content-Encoding: zstd\r\nContent-Length: 0\r\n',
};

const send = (method: string, path: string, headers: string, body: string) =>
  sendRaw(
    service.url,
    `${method} /api/users${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${headers}\r\n${body}`,
  );
const lastChunk = (headers: string): string => (headers.includes('chunked') ? '0\r\n\r\n' : '');

async function signedUpHeader(): Promise<string> {
  const email = `someone-${Math.random()}@example.com`;
  const response = await service.api().post('/api/users/signup').send({ email, password }).expect(201);
  return `Cookie: ${sessionCookieOf({ jwt: jwtFrom(response) })}\r\n`;
}

describe.each(Object.entries(framings))('F3 an empty body with %s', (_what, framing) => {
  it.each([
    ['DELETE', '/sessions', '204'],
    ['POST', '/signout', '200'],
    ['POST', '/email-verification', '202'],
    ['GET', '/currentuser', '200'],
  ])('is no body: %s %s', async (method, path, status) => {
    const answer = await send(method, path, `${await signedUpHeader()}${framing}`, lastChunk(framing));
    expect(answer.split(' ')[1]).toBe(status);
  });

  it('is an object without fields where fields are needed', async () => {
    const answer = await send('POST', '/signup', framing, lastChunk(framing));
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('"field":"email"');
  });
});

describe('F3 a body that is not empty', () => {
  const chunked = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`;

  it.each(['', 'Content-Type: text/plain\r\n', 'Content-Type: application/json; charset=latin1\r\n'])(
    'is refused with 415 in chunks too: %j',
    async (type) => {
      const answer = await send('POST', '/signout', `${type}Transfer-Encoding: chunked\r\n`, chunked('{}'));
      expect(answer).toMatch(/^HTTP\/1\.1 415 /);
    },
  );

  it('is read whole, whatever the chunks are', async () => {
    const body = JSON.stringify({ email: 'chunks@example.com', password });
    const chunks = body.replaceAll(/./g, '1\r\n$&\r\n');
    const headers = 'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n';
    expect(await send('POST', '/signup', headers, `${chunks}0\r\n\r\n`)).toMatch(/^HTTP\/1\.1 201 /);
  });
});
