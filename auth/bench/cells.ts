import type { ServerName } from './stage';
import type { RequestName } from './requests';
import { cost, parallelHashes } from './service';

/** One thing that is measured. */
export interface Cell {
  name: string;
  /** The cell that its CPU time is divided by. */
  baseline?: string;
  pace: { callers: number } | { perSecond: number } | { share: number; of: string };
  does: { server: ServerName; request: RequestName } | { worker: 'hash' | 'driver'; operation: unknown };
  /** What other callers ask for all the time. */
  beside?: { request: RequestName; callers: number };
}

// Enough that the next one always waits for a hash slot.
const hashing = { callers: 2 * parallelHashes };
const saturating = { callers: 16 };

const asks = (server: ServerName, request: RequestName): Cell['does'] => ({ server, request });

const atHalf = (name: string, does: Cell['does']): Cell => ({
  name: `${name}, half load`,
  pace: { share: 0.5, of: name },
  does,
});

/** Every cell, in the order of a round: each beside its baseline, so that a disturbance meets both. */
export const cells: readonly Cell[] = [
  { name: 'scrypt', pace: { callers: parallelHashes }, does: { worker: 'hash', operation: cost } },
  { name: 'sign-up', baseline: 'scrypt', pace: hashing, does: asks('service', 'signUp') },
  { name: 'sign-up, limits off', baseline: 'scrypt', pace: hashing, does: asks('unlimited', 'signUp') },
  { name: 'sign-in', baseline: 'scrypt', pace: hashing, does: asks('service', 'signIn') },
  { name: 'sign-in, limits off', baseline: 'scrypt', pace: hashing, does: asks('unlimited', 'signIn') },
  { name: 'refused sign-in', baseline: 'scrypt', pace: hashing, does: asks('service', 'refusedSignIn') },
  atHalf('sign-in', asks('service', 'signIn')),
  { name: 'node:http', pace: saturating, does: asks('bareHttp', 'withSession') },
  { name: 'Express', pace: saturating, does: asks('bareExpress', 'withSession') },
  { name: 'Express, headers and log', pace: saturating, does: asks('loggingExpress', 'withSession') },
  { name: 'current user', baseline: 'Express', pace: saturating, does: asks('service', 'withSession') },
  {
    name: 'current user, no cookie',
    baseline: 'Express',
    pace: saturating,
    does: asks('service', 'withoutCookie'),
  },
  atHalf('Express', asks('bareExpress', 'withSession')),
  atHalf('current user', asks('service', 'withSession')),
  atHalf('current user, no cookie', asks('service', 'withoutCookie')),
  {
    name: 'current user, mixed load',
    pace: { perSecond: 50 },
    does: asks('service', 'withSession'),
    beside: { request: 'signIn', callers: 16 },
  },
  { name: 'Express, refused input', pace: saturating, does: asks('refusingExpress', 'refusedInput') },
  {
    name: 'refused input',
    baseline: 'Express, refused input',
    pace: saturating,
    does: asks('service', 'refusedInput'),
  },
  atHalf('refused input', asks('service', 'refusedInput')),
  { name: 'findOne', pace: saturating, does: { worker: 'driver', operation: 'findOne' } },
  { name: 'insertOne', pace: saturating, does: { worker: 'driver', operation: 'insertOne' } },
  { name: 'mail queued', baseline: 'insertOne', pace: saturating, does: asks('mailing', 'passwordReset') },
];

/** Those whose code must be compiled before it is measured. A hash takes the same time from the beginning. */
export const needsWarmUp = ({ pace }: Cell): boolean => pace === saturating;

/** The cells whose name has that in it, and the cells that they are compared with. */
export function cellsNamed(only: string | undefined): Cell[] {
  if (only === undefined) return [...cells];
  const chosen = cells.filter(({ name }) => name.includes(only));
  const needed = new Set(
    chosen.flatMap(({ name, baseline, pace }) => [name, baseline, 'of' in pace ? pace.of : undefined]),
  );
  return cells.filter(({ name }) => needed.has(name));
}
