import { connect } from 'node:net';

export interface RawResponse {
  status: number;
  /** With names in lower case. */
  headers: Map<string, string>;
  body: string;
}

/**
 * Sends bytes, and returns everything that was received until the connection closed.
 * @param options `end`: closes the client's side after the bytes
 */
export function sendRaw(url: string, bytes: string | Buffer, { end = false } = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => {
      if (end) socket.end(bytes);
      else socket.write(bytes);
    });
    socket.setTimeout(10_000, () => socket.destroy(new Error(`no end after ${received}`)));
    socket.setEncoding('latin1').on('data', (part: string) => (received += part));
    socket.on('close', () => {
      resolve(received);
    });
    socket.on('error', reject);
  });
}

/** The responses in what was received, without "100 Continue". The response to a HEAD request has no body. */
export function responsesIn(received: string, method = ''): RawResponse[] {
  const responses: RawResponse[] = [];
  let rest = received;
  while (rest !== '') {
    const [head = ''] = rest.split('\r\n\r\n', 1);
    const [statusLine = '', ...lines] = head.split('\r\n');
    const headers = new Map(lines.map((line) => [nameIn(line), line.slice(nameIn(line).length + 2)]));
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(statusLine)?.[1]);
    const start = head.length + 4;
    // A request that is malformed is no HEAD to the server.
    const isHead = method === 'HEAD' && !rest.startsWith('{', start);
    const hasBody = status >= 200 && status !== 204 && !isHead;
    const end = start + (hasBody ? Number(headers.get('content-length') ?? rest.length) : 0);
    if (status !== 100) responses.push({ status, headers, body: rest.slice(start, end) });
    rest = rest.slice(end);
  }
  return responses;
}

const nameIn = (line: string): string => line.slice(0, line.indexOf(':')).toLowerCase();
