import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';

/** A proxy in front of a server, which can stop to pass on what it gets, and end every connection. */
export interface SlowProxy {
  port: number;
  pause: () => void;
  resume: () => void;
  close: () => void;
}

/** Passes on what comes to a port of its own, over TCP. */
export async function startSlowProxy(host: string, port: number): Promise<SlowProxy> {
  const pairs = new Set<[Socket, Socket]>();
  let isPaused = false;
  const server = createServer((client) => {
    const upstream = connect(port, host);
    const pair: [Socket, Socket] = [client, upstream];
    pairs.add(pair);
    for (const [from, to] of [pair, [upstream, client]] as const) {
      from.pipe(to);
      if (isPaused) from.pause();
      from.on('error', () => to.destroy());
      from.once('close', () => {
        to.destroy();
        pairs.delete(pair);
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const setPaused = (paused: boolean): void => {
    isPaused = paused;
    for (const socket of [...pairs].flat()) {
      if (paused) socket.pause();
      else socket.resume();
    }
  };
  return {
    port: (server.address() as AddressInfo).port,
    pause: () => {
      setPaused(true);
    },
    resume: () => {
      setPaused(false);
    },
    close: () => {
      server.close();
      for (const socket of [...pairs].flat()) socket.destroy();
    },
  };
}
