import { createServer, type AddressInfo } from 'node:net';

/** Takes connections and says nothing, so that mails are queued and none is sent: sending has another cost. */
export async function startSilentMailServer(): Promise<{ url: string; stop: () => void }> {
  const server = createServer((socket) => socket.on('error', () => undefined)).unref();
  await new Promise<void>((listening) => {
    server.listen(0, '127.0.0.1', listening);
  });
  return { url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`, stop: () => server.close() };
}
