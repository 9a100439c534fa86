import { Connections } from './connections';
import type { Prepared } from './job';
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

function prepare(load: unknown): Prepared {
  const { port, requests, from, status } = load as Load;
  // New ones for each job: a server closes those that nobody uses for a time.
  const connections = new Connections(port);
  // Encoded once where they do not differ.
  const prepared = requests.map((text) => (text.includes(numberMark) ? text : Buffer.from(text)));
  let next = from;
  const operation = async (): Promise<void> => {
    const request = prepared[next % prepared.length] ?? '';
    const number = String(next).padStart(numberMark.length, '0');
    next += 1;
    const answered = await connections.send(
      typeof request === 'string' ? request.replaceAll(numberMark, number) : request,
    );
    if (answered !== status) throw new Error(`status ${answered}`);
  };
  return {
    operation,
    end: () => {
      connections.close();
    },
  };
}

doJobs(prepare);
