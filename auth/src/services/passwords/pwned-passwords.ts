import { createHash } from 'node:crypto';
import type { Logger } from 'pino';

export interface PwnedPasswordsOptions {
  /** The address that the first five hex digits are appended to: `https://api.pwnedpasswords.com/range/`. */
  url: URL;
  logger: Logger;
}

const maxMs = 1000;

/**
 * Queries a list of leaked passwords by k-anonymity, as Have I Been Pwned offers it: only the first five of the forty
 * hex digits of the SHA-1 leave the service, and all hashes that begin with them come back.
 */
export class PwnedPasswords {
  constructor(private readonly options: PwnedPasswordsOptions) {}

  /** Whether the password is on the list. False if the list does not answer in time, so that it locks nobody out. */
  async includes(password: string): Promise<boolean> {
    const hash = createHash('sha1').update(password).digest('hex').toUpperCase();
    try {
      const lines = (await this.#range(hash.slice(0, 5))).split(/\r?\n/);
      // Entries with a count of 0 are padding, which hides the length of the answer.
      return lines.some((line) => line.startsWith(`${hash.slice(5)}:`) && !line.endsWith(':0'));
    } catch (err) {
      this.options.logger.warn({ err, event: 'pwned_passwords_unavailable' }, 'leaked passwords not checked');
      return false;
    }
  }

  async #range(prefix: string): Promise<string> {
    const response = await fetch(new URL(prefix, this.options.url), {
      headers: { 'Add-Padding': 'true' },
      redirect: 'error',
      signal: AbortSignal.timeout(maxMs),
    });
    if (!response.ok) throw new Error(`answered ${response.status}`);
    return response.text();
  }
}
