import type { ClosedAccountModel, ClosedAccountRecord } from '../../models/closed-account';
import type { EmailLinkAttrs } from '../../models/email-link';
import type { LinkPurpose } from '../../models/link-purposes';
import { linkOfMail, type MailRecord } from '../../models/mail';
import { epochOf, isCurrent } from '../../models/revocation';
import type { UserModel, UserRecord } from '../../models/user';
import type { EmailLinks } from './email-links';
import { format } from './letter-format';
import { letterWords, type Words } from './letter-words';
import type { Letter } from './smtp';

export interface LettersOptions {
  users: UserModel;
  closedAccounts: ClosedAccountModel;
  emailLinks: EmailLinks;
  publicUrl: URL;
  productName: string;
  /** Whether a link says what it is for: the pages of the service ask, while other front ends may not expect it. */
  linksSayPurpose?: boolean | undefined;
  now: () => Date;
}

/** Decides who gets which mail at the time of sending, from what is true then, and makes the token of its link. */
export class Letters {
  readonly #words: ReturnType<typeof letterWords>;

  constructor(private readonly options: LettersOptions) {
    this.#words = letterWords(options.productName);
  }

  /** Undefined where there is nobody to write to any more, or never was. */
  async write(mail: MailRecord): Promise<Letter | undefined> {
    const { to, kind } = mail;
    const owner = await this.options.users.findByAddress(to);
    const active = owner?.disabled ? undefined : owner;
    const isAbout = (user?: UserRecord): user is UserRecord =>
      user !== undefined && (!mail.user || user._id.equals(mail.user)) && !hasEnded(mail, user);
    const isOwners = isAbout(active);
    switch (kind) {
      case 'verification':
        if (!isOwners || active.emailVerified) return undefined;
        return this.#withLink(this.#words[kind](), mail, active);
      case 'signup':
        if (owner) return active && this.#format(this.#words['already-signed-up']());
        return this.#signup(mail);
      case 'password-reset':
      case 'password-choice':
        return isOwners ? this.#withLink(this.#words['password-reset'](), mail, active) : undefined;
      case 'account-reopened':
        return isOwners ? this.#withLink(this.#words[kind](), mail, active) : undefined;
      case 'new-sign-in':
        return isOwners ? this.#newSignIn(mail, active) : undefined;
      case 'password-changed':
        return isOwners ? this.#format(this.#words[kind]()) : undefined;
      case 'email-change-undone':
      case 'unverified-account-removed':
        return this.#format(this.#words[kind]());
      case 'email-change':
        return owner ? undefined : this.#emailChange(mail);
      case 'email-change-notice':
        return this.#emailChangeNotice(mail);
      case 'role-changed':
        return isAbout(owner) ? this.#format(this.#words[kind](owner)) : undefined;
      case 'account-disabled':
        return isAbout(owner) && owner.disabled ? this.#format(this.#words[kind]()) : undefined;
      case 'account-enabled':
        return isOwners ? this.#format(this.#words[kind]()) : undefined;
      case 'account-closed':
        return mail.user ? this.#accountClosed(mail) : this.#format(this.#words['account-closed-for-good']());
    }
  }

  #format(words: Words, hrefs?: { use: string; decline: string }): Letter {
    return format({ productName: this.options.productName, words, hrefs });
  }

  async #signup(mail: MailRecord): Promise<Letter | undefined> {
    return this.#withLink(this.#words.signup(), mail, undefined);
  }

  #newSignIn(mail: MailRecord, user: UserRecord): Promise<Letter> {
    const { signIns = [], signInCount = signIns.length } = mail;
    const until = new Date(this.options.now().getTime() + newSignInLinkMs);
    const facts = { signIns, earlier: signInCount - signIns.length, until };
    return this.#withLink(this.#words['new-sign-in'](facts), mail, user);
  }

  async #emailChange(mail: MailRecord): Promise<Letter | undefined> {
    const user = await this.#find(mail);
    if (!user || user.disabled || user.pendingEmail !== mail.to) return undefined;
    return this.#withLink(this.#words['email-change'](), mail, user);
  }

  /** Also sent for a disabled or closed account: somebody else may have taken it over. */
  async #emailChangeNotice(mail: MailRecord): Promise<Letter | undefined> {
    const { newEmail = '', createdAt: askedAt } = mail;
    // Once more at the end: between the two looks, a link may have brought the account back.
    const user = (await this.#find(mail)) ?? (await this.#findClosed(mail))?.user ?? (await this.#find(mail));
    if (!user) return undefined;
    return this.#withLink(this.#words['email-change-notice']({ newEmail }), mail, user, { askedAt });
  }

  async #accountClosed(mail: MailRecord): Promise<Letter | undefined> {
    const closed = await this.#findClosed(mail);
    if (!closed) return undefined;
    return this.#withLink(this.#words['account-closed']({ until: closed.expiresAt }), mail, closed.user);
  }

  /** The account that the mail is for, unless an event has ended the mail meanwhile. */
  async #find(mail: MailRecord): Promise<UserRecord | undefined> {
    const user = mail.user && (await this.options.users.findById(mail.user).lean());
    return user && !hasEnded(mail, user) ? user : undefined;
  }

  /** The same where the account is closed. */
  async #findClosed(mail: MailRecord): Promise<ClosedAccountRecord | undefined> {
    const { closedAccounts, now } = this.options;
    const closed = mail.user && (await closedAccounts.findKept(mail.user, now()));
    return closed && !hasEnded(mail, closed.user) ? closed : undefined;
  }

  async #withLink(
    words: LinkWords,
    mail: MailRecord,
    user: UserRecord | undefined,
    grant: Partial<EmailLinkAttrs> = {},
  ): Promise<Letter> {
    const { emailLinks, publicUrl, linksSayPurpose } = this.options;
    const { purpose, until } = words.link;
    // An event between this look at the account and the link's birth ends the link: it has the epoch of before.
    const mark = user &&
      purpose !== 'signup' && { user: user._id, epoch: mail.epoch ?? epochOf(user, purpose) };
    const version = mail.version === undefined ? {} : { version: mail.version };
    const attrs = { ...grant, ...mark, ...version, purpose, email: mail.to };
    const token = await emailLinks.issue(attrs, until);
    // A page of the front end, which sends the token on by POST. A fragment reaches no server, log or referrer.
    const page = `/${pages[purpose]}`;
    const use = linksSayPurpose && page === '/email-verification' ? `?for=${purpose}` : '';
    return this.#format(words, {
      use: new URL(`${page}${use}#token=${token}`, publicUrl).href,
      decline: new URL(`${page}?decline#token=${token}`, publicUrl).href,
    });
  }
}

// The owner may be asleep when the mail comes, so this link to reset the password works for longer than others.
const newSignInLinkMs = 24 * 60 * 60 * 1000;

function hasEnded(mail: MailRecord, user: UserRecord): boolean {
  const link = linkOfMail[mail.kind];
  return (
    link !== undefined &&
    link !== 'signup' &&
    !isCurrent(user, link, { ...mail, requestedAt: mail.createdAt })
  );
}

type LinkWords = Words & Required<Pick<Words, 'link'>>;

const pages: Readonly<Record<LinkPurpose, string>> = {
  verification: 'email-verification',
  signup: 'email-verification',
  'email-change': 'email-verification',
  'email-change-undo': 'email-verification',
  'account-reopening': 'email-verification',
  'password-reset': 'password-reset',
};
