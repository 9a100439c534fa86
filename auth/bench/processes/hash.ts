import { randomBytes, scrypt } from 'node:crypto';
import type { ScryptCost } from '../../src/services/passwords/scrypt-cost';
import { doJobs } from './worker';

// The baseline of everything that hashes a password: scrypt alone.

const keyLength = 64;

doJobs((cost) => {
  const { ln, r, p } = cost as ScryptCost;
  const options = { N: 2 ** ln, r, p, maxmem: 2 ** 28 };
  const operation = (): Promise<void> =>
    new Promise((resolve, reject) => {
      scrypt('correct horse battery', randomBytes(16), keyLength, options, (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
  return { operation };
});
