import assert from 'node:assert/strict';
import http from 'node:http';
import https from 'node:https';
import { sleep } from './run';

export interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  text: string;
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface Call {
  method?: Method;
  path: string;
  body?: unknown;
  cookie?: string | undefined;
}

/** Sends requests to one host through an ingress controller. Its certificate may be self-signed. */
export class Ingress {
  readonly #agent: http.Agent;

  constructor(
    private readonly base: URL,
    private readonly host: string,
    keepAlive = true,
  ) {
    const { Agent } = base.protocol === 'https:' ? https : http;
    this.#agent = new Agent({ keepAlive, maxSockets: 200 });
  }

  /**
   * The controller closes idle connections when it loads another configuration, which each new Ingress causes, also one of
   * another namespace. A request that was just sent on one of them gets no response. Like a browser, this sends it again on
   * another connection.
   * @throws {Error} if no complete response arrives within 20 s
   */
  async request(call: Call): Promise<Answer> {
    for (;;) {
      const answer = await this.#send(call);
      if (answer !== 'closed while idle') return answer;
    }
  }

  #send({ method = 'GET', path, body, cookie }: Call): Promise<Answer | 'closed while idle'> {
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const options: https.RequestOptions = {
      agent: this.#agent,
      method,
      host: this.base.hostname,
      port: this.base.port,
      path,
      servername: this.host,
      rejectUnauthorized: false,
      signal: AbortSignal.timeout(20_000),
      headers: {
        host: this.host,
        ...(payload !== undefined && {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(payload),
        }),
        ...(cookie !== undefined && { cookie }),
      },
    };
    return new Promise((resolve, reject) => {
      const { request } = this.base.protocol === 'https:' ? https : http;
      const sent = request(options, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
        });
        response.on('error', reject);
      });
      sent.on('error', (error: NodeJS.ErrnoException) => {
        if (sent.reusedSocket && error.code === 'ECONNRESET') resolve('closed while idle');
        else reject(error);
      });
      sent.end(payload);
    });
  }

  users(path: string, body?: unknown, cookie?: string): Promise<Answer> {
    const method = body === undefined ? 'GET' : 'POST';
    return this.request({ method, path: `/api/users/${path}`, body, cookie });
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** Keeps the last cookie and sends it with each request. */
export class Browser {
  #cookie: string | undefined;

  constructor(private readonly ingress: Ingress) {}

  /**
   * Sends a request below /api/users. Returns the parsed body.
   * @throws {AssertionError} if the response has another status
   */
  async gets<T>(status: number, method: Method, path: string, body?: unknown): Promise<T> {
    const call = { method, path: `/api/users/${path}`, body, cookie: this.#cookie };
    const answer = await this.ingress.request(call);
    assert.equal(answer.status, status, `${method} ${path}: ${answer.text}`);
    if (answer.headers['set-cookie']) this.#cookie = cookieOf(answer);
    return (answer.text === '' ? undefined : JSON.parse(answer.text)) as T;
  }

  /** The email address of the current user, or undefined if nobody is signed in. */
  async signedInAs(): Promise<string | undefined> {
    const { currentUser } = await this.gets<{ currentUser: { email: string } | null }>(
      200,
      'GET',
      'currentuser',
    );
    return currentUser?.email;
  }
}

/** The cookie that a response sets, in the form that a browser sends back. */
export function cookieOf({ headers }: Answer): string {
  const [cookie] = headers['set-cookie'] ?? [];
  if (cookie === undefined) throw new Error('no cookie was set');
  return cookie.split(';', 1)[0] ?? '';
}

export interface LoadResult {
  requests: number;
  /** The count of each outcome: a status, or the reason why there is none. */
  outcomes: Record<string, number>;
}

/** Callers that send one request after another, with a pause between them, until `stop` or until `max` requests are sent. */
export class Load {
  #stopped = false;
  readonly #callers: Promise<void>[];
  readonly result: LoadResult = { requests: 0, outcomes: {} };

  constructor(
    call: (index: number) => Promise<string>,
    { callers, pauseMs, max }: { callers: number; pauseMs: number; max: number },
  ) {
    this.#callers = Array.from({ length: callers }, async () => {
      while (!this.#stopped && this.result.requests < max) {
        const index = this.result.requests++;
        const outcome = await call(index).catch((error: unknown) =>
          error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.name) : 'failed',
        );
        this.result.outcomes[outcome] = (this.result.outcomes[outcome] ?? 0) + 1;
        if (pauseMs > 0) await sleep(pauseMs);
      }
    });
  }

  async stop(): Promise<LoadResult> {
    this.#stopped = true;
    await Promise.all(this.#callers);
    return this.result;
  }

  /** Waits until `max` requests are sent. */
  async done(): Promise<LoadResult> {
    await Promise.all(this.#callers);
    return this.result;
  }
}
