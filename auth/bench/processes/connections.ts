import { Connection } from './connection';

const maxConnections = 64;

/** Connections to one port, opened when they are needed. Who finds all of them busy waits. */
export class Connections {
  readonly #idle: Connection[] = [];
  readonly #waiting: ((connection: Connection) => void)[] = [];
  #open = 0;

  constructor(readonly port: number) {}

  async send(request: string | Buffer): Promise<number> {
    const connection = await this.#take();
    try {
      return await connection.send(request);
    } finally {
      this.#giveBack(connection);
    }
  }

  /** Closes those that are idle. */
  close(): void {
    for (const connection of this.#idle) connection.close();
  }

  #take(): Connection | Promise<Connection> {
    const idle = this.#idle.pop();
    if (idle?.isOpen === true) return idle;
    if (idle !== undefined) this.#open -= 1;
    if (this.#open >= maxConnections) return new Promise((resolve) => this.#waiting.push(resolve));
    this.#open += 1;
    return new Connection(this.port);
  }

  #giveBack(connection: Connection): void {
    const next = this.#waiting.shift();
    const usable = connection.isOpen ? connection : new Connection(this.port);
    if (next) next(usable);
    else this.#idle.push(usable);
  }
}
