import { BadRequestError } from '../../errors/bad-request-error';
import { ConfirmationNeedsPasswordError } from '../../errors/confirmation-needs-password-error';
import { isDuplicateKey } from '../../models/database';
import type { EmailLinkRecord } from '../../models/email-link';
import type { LinkPurpose } from '../../models/link-purposes';
import { profileOf } from '../../models/profile';
import type { UsedLinkRecord } from '../../models/used-link';
import type { UserRecord } from '../../models/user';
import type { Caller, SignedInCaller } from '../caller';
import { requireValid } from '../mail/email-links';
import { countingInvalidTokens } from './counting-invalid-tokens';
import { completeEmailChange } from './complete-email-change';
import type { Confirmation, ConfirmLink, EmailConfirmationOptions, ProvenLink } from './confirm-link';
import { openVerifiedAccount } from './open-verified-account';
import { bringBack, reopenAccount } from './reopen-account';
import { undoEmailChange } from './undo-email-change';
import { verifyEmail } from './verify-email';

/** What a link needs beside its token: proof of the account, the new account's password, or nothing. */
type Need = 'account' | 'new password' | 'nothing';

const flows = {
  verification: { need: 'account', confirm: verifyEmail },
  'email-change': { need: 'account', confirm: completeEmailChange },
  signup: { need: 'new password', confirm: openVerifiedAccount },
  'email-change-undo': { need: 'nothing', confirm: undoEmailChange },
  'account-reopening': { need: 'nothing', confirm: reopenAccount },
} as const satisfies Partial<Record<LinkPurpose, { need: Need; confirm: ConfirmLink }>>;

type ConfirmablePurpose = keyof typeof flows;
const purposes = Object.keys(flows) as ConfirmablePurpose[];

/** Whose browser it is does not matter for a link: only what the link needs does. */
const withoutAccount = (caller: Caller): Caller => ({ ...caller, account: undefined });

export interface Confirmed {
  user: UserRecord;
  purpose: LinkPurpose;
  /** Whether the link had been used before, so that nothing happened now. */
  repeated: boolean;
}

/** The links in mails about an address, each with a flow of its own behind one endpoint (decision 10). */
export class EmailConfirmation {
  constructor(private readonly options: EmailConfirmationOptions) {}

  /** Sends the user a verification link. */
  async request(caller: SignedInCaller): Promise<void> {
    const { user } = caller.account;
    await this.options.limits.spend('mail', caller, { account: user.email, recipient: user.email });
    await this.options.outbox.ask({ kind: 'verification', user, to: user.email });
    this.options.audit.note({ action: 'verification-requested', user: user._id }, caller);
  }

  /**
   * Uses a link. The mailbox alone does not vouch for an account that somebody else may have created, so a verification
   * and a change of address need the account's session or its password too (decision 17). Before that is checked,
   * nothing is hashed and nothing happens to the link.
   * @throws {BadRequestError} for an invalid token or password, and `Email in use` where another account has the address
   * @throws {ConfirmationNeedsPasswordError} where neither the session nor the password is the account's
   * @throws {TooManyRequestsError}
   */
  confirm(confirmation: Confirmation, caller: Caller): Promise<Confirmed> {
    const { audit, limits } = this.options;
    return countingInvalidTokens(audit, caller, () =>
      limits.present(caller, () => this.#confirm(confirmation, caller)),
    );
  }

  async #confirm(confirmation: Confirmation, caller: Caller): Promise<Confirmed> {
    const { emailLinks } = this.options;
    const before = await emailLinks.findUsed(confirmation.token);
    if (before) return this.#repeat(before, confirmation, caller);
    try {
      return await this.#confirmFirst(confirmation, caller);
    } catch (error) {
      // Of two uses at once, the other one was first.
      const meanwhile = await emailLinks.findUsed(confirmation.token);
      if (meanwhile) return this.#repeat(meanwhile, confirmation, caller);
      throw error;
    }
  }

  async #confirmFirst(confirmation: Confirmation, caller: Caller): Promise<Confirmed> {
    const { emailLinks } = this.options;
    const { token } = confirmation;
    const valid = await emailLinks.read(token, purposes);
    const proven = await this.#prove(valid, confirmation, caller);
    try {
      return await this.#use(proven, token, caller);
    } catch (error) {
      if (isDuplicateKey(error)) return await this.#refuse(valid.link, caller);
      if (!(await this.#isRewritten(proven))) throw error;
      const again = await this.#prove(await emailLinks.read(token, purposes), confirmation, caller);
      return this.#use(again, token, caller);
    }
  }

  /** Whether the hash that the password matched is another one by now: a sign-in may have hashed the same password anew. */
  async #isRewritten({ user, matched }: ProvenLink): Promise<boolean> {
    if (!user || matched === undefined) return false;
    const stored = await this.options.users.findById(user._id).lean();
    return stored !== null && stored.password !== matched;
  }

  async #refuse({ email, user, purpose }: EmailLinkRecord, caller: Caller): Promise<never> {
    const holder = await this.options.users.findOne({ email }).lean();
    const { _id: by, disabled } = holder ?? {};
    const refused = { event: 'email_refused', userId: user, by, disabled, reason: purpose };
    this.options.logger.warn(refused, 'another account has the address');
    this.options.audit.refuse('link-used', withoutAccount(caller), user);
    throw new BadRequestError('email_in_use', 'token');
  }

  #use(proven: ProvenLink, token: string, caller: Caller): Promise<Confirmed> {
    const { users, emailLinks, cleanup } = this.options;
    return cleanup.transact(withoutAccount(caller), async (transaction) => {
      const used = await emailLinks.use(token, purposes, transaction.tx);
      await bringBack(used, this.options, transaction);
      const { purpose } = used.link;
      const { confirm } = flows[purpose as ConfirmablePurpose];
      const user = requireValid(await confirm({ ...proven, ...used }, this.options, transaction));
      await users.requireUniqueAddress(transaction.tx);
      await emailLinks.remember(used.link, { user, declined: false }, transaction.tx);
      return { user, purpose, repeated: false };
    });
  }

  async #prove(valid: ProvenLink, { password, ...rest }: Confirmation, caller: Caller): Promise<ProvenLink> {
    const { users, passwords, passwordRules, limits } = this.options;
    const { link, user } = valid;
    const { need } = flows[link.purpose as ConfirmablePurpose];
    if (need === 'nothing') return valid;
    if (need === 'account') return { ...valid, ...(await this.#proveAccount(user, password, caller)) };
    if (password === undefined) throw new BadRequestError('password_required', 'password');
    await passwordRules.requireNew(password, link);
    requireValid((await users.exists({ email: link.email })) ? undefined : link);
    await limits.spend('hash', caller);
    return { ...valid, opening: { ...profileOf(rest), password: await passwords.toHash(password, caller) } };
  }

  async #proveAccount(
    owner: UserRecord | undefined,
    password: string | undefined,
    caller: Caller,
  ): Promise<Pick<ProvenLink, 'matched'>> {
    const user = requireValid(owner);
    if (caller.account?.user._id.equals(user._id)) return {};
    if (password === undefined) throw new ConfirmationNeedsPasswordError();
    if (!(await this.#matches(user, password, caller))) {
      this.options.audit.refuse('link-used', withoutAccount(caller), user._id);
      throw new BadRequestError('invalid_credentials', 'password');
    }
    return { matched: user.password };
  }

  /** Answers today's user to whoever passes the check that the link needed, and does nothing. */
  async #repeat(
    { purpose, user: id, declined }: UsedLinkRecord,
    { password }: Confirmation,
    caller: Caller,
  ): Promise<Confirmed> {
    const found = id && !declined ? await this.options.users.findById(id).lean() : undefined;
    const user = requireValid(found?.disabled ? undefined : found);
    const { need } = flows[purpose as ConfirmablePurpose];
    if (need === 'account') await this.#proveAccount(user, password, caller);
    if (need === 'new password') {
      if (password === undefined) throw new BadRequestError('password_required', 'password');
      requireValid((await this.#matches(user, password, caller)) ? user : undefined);
    }
    return { user, purpose, repeated: true };
  }

  /** Counted like a sign-in: whoever has a link may guess too. */
  async #matches(user: UserRecord, given: string, caller: Caller): Promise<boolean> {
    const { passwords, devices, limits } = this.options;
    const check = async () => (await passwords.compare(user.password, given, caller)) || undefined;
    const knownDevice = async () => (await devices.find(user, caller))?._id;
    return (await limits.guess('signIn', caller, user.email, check, knownDevice)) !== undefined;
  }
}
