import { createHash, randomBytes } from 'node:crypto';
import { BadRequestError } from '../errors/bad-request-error';
import {
  purposes,
  type ActionTokenAttrs,
  type ActionTokenModel,
  type ActionTokenRecord,
  type Purpose,
} from '../models/action-token';
import type { Transaction } from '../models/database';
import type { UserRecord } from '../models/user';

const hour = 60 * 60 * 1000;

const lifetimes: Readonly<Record<Purpose, number>> = {
  verification: 24 * hour,
  signup: 24 * hour,
  'password-reset': hour,
  'email-change': 24 * hour,
  // Long enough for somebody who was away: it is the way back from an account that was taken over.
  'email-change-undo': 7 * 24 * hour,
};

/**
 * Tokens that go out by mail (ASVS 6.4, 7.2.3): 256 random bits, stored as SHA-256, good for one purpose, one account
 * and the address they were sent to, once, and not for long.
 */
export class ActionTokens {
  constructor(private readonly options: { model: ActionTokenModel; now: () => Date }) {}

  /** The token itself, which is known to nobody else and stored nowhere. */
  async issue(attrs: ActionTokenAttrs): Promise<string> {
    const { model, now } = this.options;
    const token = randomBytes(32).toString('base64url');
    const expiresAt = new Date(now().getTime() + lifetimes[attrs.purpose]);
    await model.build(hashOf(token), { ...attrs, expiresAt }).save();
    return token;
  }

  /**
   * What a token is for, without using it.
   * @throws {BadRequestError} for one that is unknown, used, expired or for another purpose, all alike
   */
  async read(token: string, allowed: Purpose[]): Promise<ActionTokenRecord> {
    const { model, now } = this.options;
    return valid(await model.findValid({ hash: hashOf(token), purposes: allowed, now: now() }));
  }

  /**
   * Uses a token up.
   * @throws {BadRequestError} as `read`
   */
  async use(token: string, allowed: Purpose[], tx: Transaction): Promise<ActionTokenRecord> {
    const { model, now } = this.options;
    return valid(await model.take({ hash: hashOf(token), purposes: allowed, now: now() }, tx));
  }

  /** Ends all tokens of a user, or those for these purposes. */
  async endAll(user: Pick<UserRecord, '_id'>, tx: Transaction, only?: Purpose[]): Promise<void> {
    await this.options.model.deleteAllOf(user._id, tx, only);
  }

  /** Ends all tokens of a user but those that bring back an address: they are the owner's, whoever has the account. */
  async endAllButWaysBack(user: Pick<UserRecord, '_id'>, tx: Transaction): Promise<void> {
    await this.endAll(
      user,
      tx,
      purposes.filter((purpose) => purpose !== 'email-change-undo'),
    );
  }

  /** Ends the ways back from the changes of address that were asked for at that time or after it. */
  async endWaysBack(user: Pick<UserRecord, '_id'>, since: Date, tx: Transaction): Promise<void> {
    await this.options.model.deleteWaysBack(user._id, since, tx);
  }

  /** Ends the tokens of every sign-up with that address, and answers how many there were. */
  endSignups(email: string, tx: Transaction): Promise<number> {
    return this.options.model.deleteSignups(email, tx);
  }
}

/**
 * What a token led to.
 * @throws {BadRequestError} the one answer to every token that is no good, where it led to nothing
 */
export function valid<T>(found: T | null | undefined): T {
  if (found === null || found === undefined) throw new BadRequestError('Invalid or expired token', 'token');
  return found;
}

// Nothing slower is needed: 256 random bits can't be guessed from their hash.
const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex');
