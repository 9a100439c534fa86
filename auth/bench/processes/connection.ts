import { connect, type Socket } from 'node:net';

/**
 * A kept-alive connection that sends one prepared request at a time (HTTP/1.1). It parses just the status and the length
 * of an answer, so that the load generator takes as little as possible of the cores that it shares with the service.
 */
export class Connection {
  readonly #socket: Socket;
  #received = '';
  #waiting: { resolve: (status: number) => void; reject: (error: Error) => void } | undefined;

  constructor(port: number) {
    // In latin1 a character is a byte, as Content-Length counts.
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true }).setEncoding('latin1');
    this.#socket.on('data', (text: string) => {
      this.#read(text);
    });
    this.#socket.on('error', ({ message }) => this.#waiting?.reject(new Error(message)));
    this.#socket.on('close', () => this.#waiting?.reject(new Error('connection closed')));
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed && this.#socket.writable;
  }

  /** Returns the status of the answer. */
  send(request: string | Buffer): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(text: string): void {
    this.#received += text;
    const head = this.#received.indexOf('\r\n\r\n');
    if (head === -1) return;
    const [, length] = /\r\ncontent-length: (\d+)/i.exec(this.#received) ?? [];
    if (length === undefined) {
      this.#waiting?.reject(new Error('answer without a length'));
      this.#socket.destroy();
      return;
    }
    if (this.#received.length < head + 4 + Number(length)) return;
    const status = Number(this.#received.slice(9, 12));
    this.#received = '';
    this.#waiting?.resolve(status);
    this.#waiting = undefined;
  }
}
