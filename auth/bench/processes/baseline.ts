import type { RequestListener } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { endWithParent } from './worker';

/** What the service answered, which its baselines answer too. */
export interface Answer {
  headers: Record<string, string>;
  body: string;
}

export const answer = JSON.parse(process.env['ANSWER'] ?? '{}') as Answer;

/** Serves on any free port, and tells the parent process which one. */
export function serve(listener: RequestListener): void {
  const server = createServer(listener).listen(0, '127.0.0.1', () => {
    process.send?.({ port: (server.address() as AddressInfo).port });
  });
  endWithParent();
}
