import type { Purpose } from '../models/action-token';
import type { MailRecord } from '../models/mail';
import type { UserModel, UserRecord } from '../models/user';
import type { ActionTokens } from './action-tokens';
import { format, type Draft } from './letter-format';
import type { Letter } from './smtp';

export interface LettersOptions {
  users: UserModel;
  actionTokens: ActionTokens;
  publicUrl: URL;
}

/** Writes the mails, when they are sent: what is true then is what they say, and the token in them is new. */
export class Letters {
  constructor(private readonly options: LettersOptions) {}

  /** Undefined where there is nobody to write to any more, or never was. */
  async write(mail: MailRecord): Promise<Letter | undefined> {
    const draft = await this.#draft(mail);
    return draft && format(draft, this.options.publicUrl);
  }

  async #draft(mail: MailRecord): Promise<Draft | undefined> {
    const { users } = this.options;
    const owner = await users.findOne({ email: mail.to }).lean();
    const active = owner?.disabled ? undefined : (owner ?? undefined);
    const isOwners = active !== undefined && (!mail.user || active._id.equals(mail.user));
    switch (mail.kind) {
      case 'verification':
        return isOwners && !active.emailVerified ? this.#verification(active) : undefined;
      case 'signup':
        if (owner) return active && alreadySignedUp();
        return this.#signup(mail);
      case 'password-reset':
        return isOwners ? this.#passwordReset(active) : undefined;
      case 'password-choice':
        return isOwners ? this.#passwordChoice(active) : undefined;
      case 'password-changed':
        return isOwners ? passwordChanged() : undefined;
      case 'email-change':
        return owner ? undefined : this.#emailChange(mail);
      case 'email-change-notice':
        return this.#emailChangeNotice(mail);
    }
  }

  async #verification(user: UserRecord): Promise<Draft> {
    return {
      subject: 'Verify your e-mail address',
      says: ['Please confirm that this address is yours. The link is good for 24 hours.', ignoreIt],
      link: { page: 'email-verification', token: await this.#token('verification', user.email, user) },
    };
  }

  async #signup({ to, password, name }: MailRecord): Promise<Draft | undefined> {
    // It went when the mail was parked: who still wants the account signs up again.
    if (password === undefined) return undefined;
    const waiting = { password, ...(name !== undefined && { name }) };
    const token = await this.options.actionTokens.issue({ purpose: 'signup', email: to, ...waiting });
    return {
      subject: 'Verify your e-mail address',
      says: [
        'Please confirm your address to open your account. The link is good for 24 hours.',
        'If you did not just sign up, leave the link alone: whoever did chose the password.',
      ],
      link: { page: 'email-verification', token },
    };
  }

  async #passwordReset(user: UserRecord): Promise<Draft> {
    return {
      subject: 'Reset your password',
      says: ['Somebody asked for a new password for your account. The link is good for one hour.', ignoreIt],
      link: { page: 'password-reset', token: await this.#token('password-reset', user.email, user) },
    };
  }

  async #passwordChoice(user: UserRecord): Promise<Draft> {
    return {
      subject: 'Choose your password',
      says: [
        'Your account is open. Somebody signed up with your address more than once, and the passwords of then are ' +
          'good for nothing: please choose one. The link is good for one hour.',
      ],
      link: { page: 'password-reset', token: await this.#token('password-reset', user.email, user) },
    };
  }

  async #emailChange({ to, user: id }: MailRecord): Promise<Draft | undefined> {
    const user = await this.#find(id);
    if (!user || user.disabled || user.pendingEmail !== to) return undefined;
    return {
      subject: 'Confirm your new e-mail address',
      says: ['Please confirm that this is your new address. The link is good for 24 hours.', ignoreIt],
      link: { page: 'email-verification', token: await this.#token('email-change', to, user) },
    };
  }

  /** Also to the owner of an account that was disabled meanwhile: perhaps for what whoever took it over did with it. */
  async #emailChangeNotice({
    to,
    newEmail = '',
    user: id,
    createdAt: askedAt,
  }: MailRecord): Promise<Draft | undefined> {
    const user = await this.#find(id);
    if (!user) return undefined;
    const wayBack = { purpose: 'email-change-undo' as const, email: to, user: user._id, askedAt };
    return {
      subject: 'Your e-mail address is being changed',
      says: [
        `Somebody who knows your password asked to change the address of your account to ${newEmail}.`,
        'If it was not you: the link keeps or brings back this address, ends every session and the password with ' +
          'them, and sends you a link to set a new one. It is good for 7 days.',
      ],
      link: { page: 'email-verification', token: await this.options.actionTokens.issue(wayBack) },
    };
  }

  async #find(id: MailRecord['user']): Promise<UserRecord | undefined> {
    return (id && (await this.options.users.findById(id).lean())) ?? undefined;
  }

  #token(purpose: Purpose, email: string, user: UserRecord): Promise<string> {
    return this.options.actionTokens.issue({ purpose, email, user: user._id });
  }
}

const ignoreIt = 'If you did not ask for this, you need not do anything.';

const passwordChanged = (): Draft => ({
  subject: 'Your password was changed',
  says: [
    'The password of your account was changed.',
    'If it was not you, ask for a new one at once with "forgot password".',
  ],
});

const alreadySignedUp = (): Draft => ({
  subject: 'You have an account already',
  says: [
    'Somebody tried to sign up with this address, which has an account already.',
    'If it was you, sign in, or ask for a new password with "forgot password". If it was not, nothing has changed.',
  ],
});
