import { hash } from 'node:crypto';
import type { Logger } from 'pino';
import { BadRequestError } from '../../errors/bad-request-error';
import { TooManyRequestsError } from '../../errors/too-many-requests-error';
import type { Count, Counted, LimitModel } from '../../models/limit';
import type { Audit } from '../audit/audit';
import type { Caller } from '../caller';
import type { Metrics } from '../metrics/metrics';
import { networkOf } from '../network';
import { Together } from '../together';
import { Blocks } from './blocks';
import { acts, limitNames, limits, type Act, type LimitName, type Part } from './limit-table';
import { Patience } from './patience';
import type { Rate } from './rate';

export interface LimitsOptions {
  model: LimitModel;
  /** A limit that is missing does not apply. */
  rates: Partial<Record<LimitName, Rate>>;
  /** What counting may add to a request, in ms. */
  waitMs: number;
  /** Undefined for commands, which nothing limits. */
  audit?: Pick<Audit, 'refuse'> | undefined;
  metrics?: Metrics | undefined;
  logger: Logger;
}

/** What an act is about, beside the caller's network. */
export type Subject = Partial<Record<Exclude<Part, 'network'>, string>>;

/** What an act was counted against. */
export interface Spent {
  /** Takes back what success does not count. It never fails: a count that stays too high is only logged. */
  giveBack: () => Promise<void>;
}

/** Answers a name for the caller's browser if the account has signed in from it before. */
export type KnownDevice = () => Promise<string | undefined>;

/** How far one count of an address is. */
export interface LimitState {
  limit: LimitName;
  count: number;
  max: number;
  /** Whether the next one is refused. */
  blocked: boolean;
  until: Date;
}

/** Counts one of a key, and says for how many ms the key is blocked for it; 0 where it is not. */
type Counter = Together<undefined, { blockedMs: number; counted: Counted }>;

interface Due {
  name: LimitName;
  key: string;
  counter: Counter;
}

/** Limits against guessing, spraying and flooding, shared by all processes through the database (docs/limits.md). */
export class Limits {
  readonly #counters: Map<LimitName, Counter>;
  readonly #blocks = new Blocks();
  readonly #countRefusal: ((limit: LimitName) => void) | undefined;

  constructor(private readonly options: LimitsOptions) {
    const { model, rates, metrics } = options;
    this.#countRefusal = metrics?.counterBy(
      'auth_limit_refusals_total',
      'Refusals, and mails left out, by limit',
      'limit',
      limitNames,
    );
    this.#counters = new Map(
      limitNames.flatMap((name) => {
        const rate = rates[name];
        return rate ? [[name, counterOf(model.counter(rate))]] : [];
      }),
    );
  }

  /**
   * Counts an act, before it costs anything. Whether an account exists makes no difference.
   * @throws {TooManyRequestsError}
   * @throws {DatabaseConnectionError} where counting fails or takes too long
   */
  async spend(
    act: Act,
    caller: Caller,
    subject: Subject = {},
    patience = this.#newPatience(),
  ): Promise<Spent> {
    try {
      return await this.#spend(act, caller, subject, patience);
    } catch (error) {
      if (this.#isRefusal(error)) this.options.audit?.refuse('limited', caller, caller.account?.user._id);
      throw error;
    }
  }

  /**
   * Counts a mail that comes with something else, as with a sign-up. Past a limit it is not to be sent, and nothing is
   * refused.
   * @throws {DatabaseConnectionError}
   */
  async allowsMail(recipient: string, caller: Caller): Promise<boolean> {
    try {
      await this.#spend('mailBeside', caller, { recipient }, this.#newPatience());
      return true;
    } catch (error) {
      if (this.#isRefusal(error)) return false;
      throw error;
    }
  }

  async #spend(act: Act, caller: Caller, subject: Subject, patience: Patience): Promise<Spent> {
    const due = this.#dueFor(act, { ...subject, network: networkOf(caller.ip) });
    refuse(due, (key) => this.#blocks.trusted(key));
    const counting: Promise<Counted>[] = [];
    const count = (each: Due): Promise<Counted> => {
      const counted = this.#count(each, caller);
      counting.push(counted);
      return counted;
    };
    const [narrowest, ...others] = due;
    try {
      if (narrowest) await patience.wait(count(narrowest));
      await patience.wait(Promise.all(others.map(count)));
    } catch (error) {
      void this.#giveBackAll(counting);
      // What is blocked stays blocked while the database fails.
      if (!(error instanceof TooManyRequestsError)) refuse(due, (key) => this.#blocks.known(key));
      throw error;
    }
    const counts = await Promise.all(counting);
    const back = counts.filter((_, n) => due[n] && limits[due[n].name].givesBack);
    return { giveBack: () => patience.wait(this.#giveBack(back)).catch(this.#warn) };
  }

  /** Whether a limit is reached. It is counted then. */
  #isRefusal(error: unknown): boolean {
    if (!(error instanceof TooManyRequestsError)) return false;
    const limit = limitNames.find((name) => name === error.limit);
    if (limit) this.#countRefusal?.(limit);
    return true;
  }

  #newPatience(): Patience {
    return new Patience(this.options.waitMs, () => this.options.model.hasPrimary());
  }

  /**
   * Counts a guess at the password of an account, and then has it checked. A guess that was not checked, because the
   * service is too busy, is given back like a right one.
   * @param act `signIn` by anybody who names the account, `password` in a session of it
   * @param check answers undefined for a wrong password
   * @param knownDevice asked only where the browser may be one: a known one has a limit of its own
   * @throws as `spend`
   */
  async guess<T>(
    act: 'signIn' | 'password',
    caller: Caller,
    account: string,
    check: () => Promise<T | undefined>,
    knownDevice?: KnownDevice,
  ): Promise<T | undefined> {
    const patience = this.#newPatience();
    const device =
      knownDevice && caller.device !== undefined ? await patience.wait(knownDevice()) : undefined;
    const spent = await (device === undefined
      ? this.spend(act, caller, { account }, patience)
      : this.spend('signInFromKnownDevice', caller, { account, device }, patience));
    let checked: T | undefined;
    let isWrong = false;
    try {
      checked = await check();
      isWrong = checked === undefined;
    } finally {
      if (!isWrong) await spent.giveBack();
    }
    return checked;
  }

  /**
   * Counts a token, and then has it used. It is given back unless it, or what comes with it, is wrong. A password that is yet
   * to be chosen is not wrong: pages send the token alone first.
   * @throws as `spend`
   */
  async present<T>(caller: Caller, use: () => Promise<T>): Promise<T> {
    const spent = await this.spend('token', caller);
    let isWrong = false;
    try {
      return await use();
    } catch (error) {
      isWrong = error instanceof BadRequestError && error.code !== 'password_required';
      throw error;
    } finally {
      if (!isWrong) await spent.giveBack();
    }
  }

  /** Every count that is about an address now. */
  async stateOf(email: string): Promise<LimitState[]> {
    const found = await this.options.model.under(keysAbout(email));
    return found.flatMap(({ key, points, expire }) => {
      const limit = limitNames.find((name) => key.startsWith(`${name}:`));
      const rate = limit && this.options.rates[limit];
      if (!rate) return [];
      return [
        {
          limit,
          count: Math.min(points, rate.points),
          max: rate.points,
          blocked: points >= rate.points,
          until: expire,
        },
      ];
    });
  }

  /** Forgets every count that is about an address: at once in this process, within ten seconds in the others. */
  async unblock(email: string): Promise<void> {
    const found = await this.options.model.under(keysAbout(email));
    await Promise.all(found.map(({ _id }) => this.options.model.deleteOne({ _id })));
    for (const { key } of found) this.#blocks.delete(key);
  }

  #dueFor(act: Act, parts: Partial<Record<Part, string>>): Due[] {
    const hashes = Object.fromEntries(Object.entries(parts).map(([part, text]) => [part, hashOf(text)]));
    return acts[act].flatMap((name) => {
      const counter = this.#counters.get(name);
      const key = keyOf(name, hashes);
      return counter && key !== undefined ? [{ name, key, counter }] : [];
    });
  }

  async #count({ name, key, counter }: Due, { ip, requestId }: Caller): Promise<Counted> {
    const { blockedMs, counted } = await counter.add(key, undefined);
    if (blockedMs === 0) return counted;
    this.#blocks.add(key, blockedMs);
    // Not for each refusal: the request's own line has its status, and a flood must not fill the log.
    this.options.logger.info({ event: 'limited', limit: name, ip, requestId }, 'too many requests');
    throw new TooManyRequestsError(name, blockedMs);
  }

  /** Gives back what was counted for an act that is refused, also what is counted only after the refusal. */
  async #giveBackAll(counting: Promise<Counted>[]): Promise<void> {
    const settled = await Promise.allSettled(counting);
    const counted = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    await this.#giveBack(counted).catch(this.#warn);
  }

  async #giveBack(counted: Counted[]): Promise<void> {
    if (counted.length === 0) return;
    await this.options.model.giveBack(counted);
    // There is room again.
    for (const { key } of counted) this.#blocks.delete(key);
  }

  readonly #warn = (err: unknown): void => {
    this.options.logger.warn({ err, event: 'limit_kept' }, 'what is not used still counts against limits');
  };
}

const counterOf = (count: Count): Counter =>
  new Together(async (key, items) => {
    const { allowed, blockedMs, counted } = await count(key, items.length);
    return items.map((_, n) => ({ counted, blockedMs: n < allowed ? 0 : blockedMs }));
  });

/** @throws {TooManyRequestsError} for the first that is blocked */
function refuse(due: Due[], blockedMs: (key: string) => number): void {
  for (const { name, key } of due) {
    const ms = blockedMs(key);
    if (ms > 0) throw new TooManyRequestsError(name, ms);
  }
}

/** Undefined where something that the limit is about is not known. */
function keyOf(name: LimitName, hashes: Partial<Record<string, string>>): string | undefined {
  const about = limits[name].per.map((part) => hashes[part]);
  return about.includes(undefined) ? undefined : [name, ...about].join(':');
}

/** What the keys about an address begin with. */
const keysAbout = (email: string): string[] =>
  limitNames
    .filter((name) => ['account', 'recipient'].includes(limits[name].per[0] ?? ''))
    .map((name) => `${name}:${hashOf(email)}`);

// The collection holds no addresses.
const hashOf = (text: string): string => hash('sha256', text, 'base64url');
