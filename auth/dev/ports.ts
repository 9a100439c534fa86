import { createServer, type AddressInfo } from 'node:net';

/** A port that nobody listens on at the moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => {
        resolve(port);
      });
    });
  });
}

/** Ports by the names of the settings that choose them. */
export type Ports = Readonly<Record<string, number>>;

/** @throws {Error} one sentence that names every port on which another process listens */
export async function requireFree(ports: Ports): Promise<void> {
  const taken: [setting: string, port: number][] = [];
  for (const [setting, port] of Object.entries(ports)) {
    if (!(await isFree(port))) taken.push([setting, port]);
  }
  if (taken.length === 0) return;
  const numbers = list(taken.map(([, port]) => String(port)));
  const settings = list(taken.map(([setting]) => setting));
  throw new Error(
    taken.length === 1
      ? `port ${numbers} is in use: stop what listens there, or set ${settings} to another`
      : `ports ${numbers} are in use: stop what listens there, or set ${settings} to others`,
  );
}

const list = (words: string[]): string => new Intl.ListFormat('en').format(words);

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(false);
      else reject(error);
    });
    probe.listen(port, () => {
      probe.close(() => {
        resolve(true);
      });
    });
  });
}
