import type { Logger } from 'pino';
import { DatabaseConnectionError } from '../../errors/database-connection-error';
import type { Audit } from '../audit/audit';
import type { KeyRing } from './key-ring';
import type { KeyStore } from './key-store';
import { pollMsOf, type KeyTimes } from './key-times';

export interface KeyRotationOptions {
  ring: KeyRing;
  store: KeyStore;
  times: KeyTimes;
  audit: Audit;
  logger: Logger;
}

/** Reads the keyring every few seconds, and publishes the next key when it is time. Every process does: one succeeds. */
export class KeyRotation {
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  /** What was logged already. */
  #said = '';

  constructor(private readonly options: KeyRotationOptions) {}

  start(): void {
    this.#timer = setInterval(() => {
      this.#running ??= this.#run().finally(() => {
        this.#running = undefined;
      });
    }, pollMsOf(this.options.times)).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  async #run(): Promise<void> {
    const { ring } = this.options;
    try {
      await this.#once();
      if (ring.fault) this.#say(ring.fault);
      else this.#said = '';
    } catch (err) {
      this.#say(err);
    }
  }

  async #once(): Promise<void> {
    const { ring, store, audit, logger } = this.options;
    const reading = await ring.read();
    if (!store.isToMaintain(reading)) return;
    const kid = await store.maintain();
    await ring.read();
    if (kid === undefined) return;
    logger.info({ event: 'keys_rotated', kid }, 'the next signing key is published');
    audit.note({ action: 'keys-rotated' }, undefined);
  }

  /** Once, until it changes. */
  #say(err: unknown): void {
    const message = String(err);
    if (message === this.#said) return;
    this.#said = message;
    const level = err instanceof DatabaseConnectionError ? 'warn' : 'error';
    this.options.logger[level]({ err }, 'the signing keys could not be read or changed');
  }
}
