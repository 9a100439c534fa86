import { createServer, type AddressInfo, type Server } from 'node:net';
import { Connections } from '../processes/connections';

const request = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

describe('the connections of the load generator', () => {
  let server: Server | undefined;

  afterEach(() => {
    server?.close();
  });

  /** Answers each request with these chunks; a missing one closes the connection. */
  async function answering(chunks: (string | undefined)[]): Promise<Connections> {
    const listening = createServer((socket) => {
      socket.setNoDelay(true).on('error', () => undefined);
      socket.on('data', () => {
        chunks.forEach((chunk, index) => {
          setTimeout(() => (chunk === undefined ? socket.destroy() : socket.write(chunk)), index * 20);
        });
      });
    });
    server = listening;
    await new Promise<void>((resolve) => {
      listening.listen(0, '127.0.0.1', resolve);
    });
    return new Connections((listening.address() as AddressInfo).port);
  }

  it('return the status of an answer, also of one that comes in parts', async () => {
    const connections = await answering(['HTTP/1.1 201 Cre', 'ated\r\nContent-Length: 4\r\n\r\n{"', '"}']);
    expect(await connections.send(request)).toBe(201);
    expect(await connections.send(request)).toBe(201);
    connections.close();
  });

  it('fail with the connection, and a new one is opened for the next request', async () => {
    const connections = await answering(['HTTP/1.1 200 OK\r\n', undefined]);
    await expect(connections.send(request)).rejects.toThrow('connection closed');
    await expect(connections.send(request)).rejects.toThrow('connection closed');
    connections.close();
  });

  it('fail where an answer does not tell its length', async () => {
    const connections = await answering(['HTTP/1.1 200 OK\r\n\r\n']);
    await expect(connections.send(request)).rejects.toThrow('answer without a length');
    connections.close();
  });
});
