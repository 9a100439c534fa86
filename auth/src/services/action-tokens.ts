import { createHash, randomBytes } from 'node:crypto';
import { BadRequestError } from '../errors/bad-request-error';
import type { ActionTokenAttrs, ActionTokenModel, ActionTokenRecord, Purpose } from '../models/action-token';
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
  async read(token: string, purposes: Purpose[]): Promise<ActionTokenRecord> {
    const { model, now } = this.options;
    return sound(await model.findValid({ hash: hashOf(token), purposes, now: now() }));
  }

  /**
   * Uses a token up.
   * @throws {BadRequestError} as `read`
   */
  async use(token: string, purposes: Purpose[], tx: Transaction): Promise<ActionTokenRecord> {
    const { model, now } = this.options;
    return sound(await model.take({ hash: hashOf(token), purposes, now: now() }, tx));
  }

  /** Ends all tokens of a user, or those for these purposes. */
  async endAll(user: Pick<UserRecord, '_id'>, tx: Transaction, purposes?: Purpose[]): Promise<void> {
    await this.options.model.deleteAllOf(user._id, tx, purposes);
  }
}

/** The one answer to every token that is no good. */
export const invalidToken = (): BadRequestError => new BadRequestError('Invalid or expired token', 'token');

function sound(record: ActionTokenRecord | null): ActionTokenRecord {
  if (!record) throw invalidToken();
  return record;
}

// Nothing slower is needed: 256 random bits can't be guessed from their hash.
const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex');
