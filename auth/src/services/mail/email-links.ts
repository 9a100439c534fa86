import { randomBytes } from 'node:crypto';
import { BadRequestError } from '../../errors/bad-request-error';
import { bringsBack, type AccountLink } from '../../models/account-events';
import type { ClosedAccountModel } from '../../models/closed-account';
import type { Transaction } from '../../models/database';
import { type EmailLinkAttrs, type EmailLinkModel, type EmailLinkRecord } from '../../models/email-link';
import { linkLifetimes, type LinkPurpose } from '../../models/link-purposes';
import { hashOf } from '../../models/hash-of';
import { isCurrent } from '../../models/revocation';
import type { UsedLinkModel, UsedLinkRecord } from '../../models/used-link';
import type { UserModel, UserRecord } from '../../models/user';
import type { Audit } from '../audit/audit';

export interface EmailLinksOptions {
  model: EmailLinkModel;
  usedLinks: UsedLinkModel;
  users: UserModel;
  closedAccounts: ClosedAccountModel;
  audit: Audit;
  now: () => Date;
}

/** A link that is valid, and the account that it is for, which may be closed: see `bringsBack`. */
export interface ValidLink {
  link: EmailLinkRecord;
  /** Undefined for a `signup`, whose account does not exist yet. */
  user: UserRecord | undefined;
}

/**
 * The links in mails (ASVS 6.4, 7.2.3). Each carries a token of 256 random bits, stored as SHA-256, that is valid once,
 * for a limited time, for one purpose, one account and the address that it was sent to.
 */
export class EmailLinks {
  constructor(private readonly options: EmailLinksOptions) {}

  /**
   * Stores a link and returns its token, which is stored nowhere.
   * @param until when it ends, where that is not at the end of the purpose's lifetime
   */
  async issue(attrs: EmailLinkAttrs, until?: Date): Promise<string> {
    const { model, audit, now } = this.options;
    const token = randomBytes(32).toString('base64url');
    const expiresAt = until ?? new Date(now().getTime() + linkLifetimes[attrs.purpose]);
    // A fast hash is enough: 256 random bits cannot be guessed.
    await model.build(hashOf(token), { ...attrs, expiresAt }).save();
    audit.note({ action: 'link-sent', user: attrs.user, detail: attrs.purpose }, undefined);
    return token;
  }

  /**
   * Finds a link without using it.
   * @throws {BadRequestError} the same for a token that is unknown, used, expired, ended or for another purpose
   */
  async read(token: string, allowed: LinkPurpose[]): Promise<ValidLink> {
    return this.#validate(await this.options.model.findValid(this.#query(token, allowed)));
  }

  /**
   * Uses a link up.
   * @throws {BadRequestError} as `read`
   */
  async use(token: string, allowed: LinkPurpose[], tx: Transaction): Promise<ValidLink> {
    return this.#validate(await this.options.model.take(this.#query(token, allowed), tx), tx);
  }

  /** Remembers for ten minutes that a link was used, so that a double click or a reload gets the same answer. */
  async remember(
    { _id, purpose }: EmailLinkRecord,
    use: { user?: UserRecord | undefined; declined: boolean },
    tx: Transaction,
  ): Promise<void> {
    const { usedLinks, now } = this.options;
    const expiresAt = new Date(now().getTime() + rememberedMs);
    const user = use.user && { user: use.user._id };
    await usedLinks.add({ _id, purpose, ...user, declined: use.declined, expiresAt }, tx);
  }

  /** What a token was used for in the last ten minutes. */
  async findUsed(token: string): Promise<UsedLinkRecord | undefined> {
    const { usedLinks, now } = this.options;
    return (await usedLinks.findRecent(hashOf(token), now())) ?? undefined;
  }

  #query(token: string, purposes: LinkPurpose[]) {
    return { hash: hashOf(token), purposes, now: this.options.now() };
  }

  async #validate(found: EmailLinkRecord | null, tx?: Transaction): Promise<ValidLink> {
    const link = requireValid(found);
    if (!link.user) return { link, user: undefined };
    const user = requireValid(await this.#find(link.user, link.purpose, tx));
    const current = isCurrent(user, link.purpose as AccountLink, { ...link, requestedAt: requestedAt(link) });
    return { link, user: requireValid(current ? user : undefined) };
  }

  async #find(
    id: UserRecord['_id'],
    purpose: LinkPurpose,
    tx?: Transaction,
  ): Promise<UserRecord | undefined> {
    const { users, closedAccounts, now } = this.options;
    const user = await users.findById(id, null, { session: tx ?? null }).lean();
    if (user || !bringsBack(purpose)) return user ?? undefined;
    return (await closedAccounts.findKept(id, now(), tx))?.user;
  }
}

const rememberedMs = 10 * 60_000;

const requestedAt = ({ purpose, askedAt, expiresAt }: EmailLinkRecord): Date =>
  askedAt ?? new Date(expiresAt.getTime() - linkLifetimes[purpose]);

/**
 * Returns what a token led to.
 * @throws {BadRequestError} the same error for every invalid token
 */
export function requireValid<T>(found: T | null | undefined): T {
  if (found === null || found === undefined) throw new BadRequestError('invalid_token', 'token');
  return found;
}
