import { Connections } from './connections';
import type { Operation } from './job';
import { numberMark } from './load-mark';
import { doJobs } from './worker';

// The load generator.

export interface Load {
  port: number;
  /** Sent in turn. In each, `numberMark` is replaced by the number of the request. */
  requests: string[];
  /** The number of the first request. */
  from: number;
  /** The status that each answer must have. */
  status: number;
}

const connections = new Map<number, Connections>();

function prepare(load: unknown): Operation {
  const { port, requests, from, status } = load as Load;
  const pool = connections.get(port) ?? new Connections(port);
  connections.set(port, pool);
  // Encoded once where they do not differ.
  const prepared = requests.map((text) => (text.includes(numberMark) ? text : Buffer.from(text)));
  let sent = 0;
  return async () => {
    const request = prepared[sent % prepared.length] ?? '';
    const number = String(from + sent).padStart(numberMark.length, '0');
    sent += 1;
    const answered = await pool.send(
      typeof request === 'string' ? request.replaceAll(numberMark, number) : request,
    );
    if (answered !== status) throw new Error(`status ${answered}`);
  };
}

doJobs(prepare);
