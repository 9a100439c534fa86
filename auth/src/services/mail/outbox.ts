import { createHash, randomBytes } from 'node:crypto';
import type { Transact, Transaction } from '../../models/database';
import { linkOfMail, type MailAttrs, type MailDoc, type MailKind, type MailModel } from '../../models/mail';
import type { MailSlot, MailSlotModel } from '../../models/mail-slot';
import { epochOf } from '../../models/revocation';
import { listedSignIns, type SignIn } from '../../models/sign-in';
import type { UserRecord } from '../../models/user';

export interface OutboxOptions {
  mails: MailModel;
  mailSlots: MailSlotModel;
  coolDownSeconds: number;
  now: () => Date;
}

/** A mail to queue, and the state of the account whose event asks for it. */
export type NewMail = Omit<MailAttrs, 'user' | 'epoch' | 'version' | 'lane'> & {
  user?: UserRecord;
  /** Whether the mail must not name the account, of which nothing is to be left. */
  nameless?: true;
};

/** What whoever holds an account can be the cause of, again and again. */
const causedByHolder: readonly MailKind[] = ['password-changed', 'email-change-notice', 'account-closed'];

/** The mails to be sent. A mail is queued in the transaction of the change that it is about (decision 9). */
export class Outbox {
  // Known to nobody, so nobody can choose an address whose lane is close to that of another address.
  readonly #salt = randomBytes(16);

  constructor(private readonly options: OutboxOptions) {}

  /**
   * Queues a mail about what has happened to an account, or renews the one that waits. Nobody can suppress it, except that
   * notices to an address which is not verified have a cool-down too: a stranger may have opened the account with it.
   * @param tx the transaction of the change; undefined where only the mail is written
   */
  async add(mail: NewMail, tx?: Transaction): Promise<void> {
    if (!isAddress(mail.to)) return;
    const isVerified = mail.user?.emailVerified ?? true;
    if (isVerified || !causedByHolder.includes(mail.kind))
      await this.#queue(await this.#make(mail), mail, tx);
    else if (!(await this.options.mailSlots.isTaken(slotOf(mail), tx))) await this.ask(mail, tx);
  }

  /**
   * Queues a mail that somebody asked for, unless the same kind was asked for that address and account a short time ago
   * (cool-down). At most one such mail waits. Neither the response nor its time reveals whether a mail was queued.
   * @param tx as `add`
   */
  async ask(mail: NewMail, tx?: Transaction): Promise<void> {
    if (!isAddress(mail.to)) return;
    const { mailSlots, coolDownSeconds } = this.options;
    // Also for a mail that is not queued, because it takes time.
    const made = await this.#make(mail);
    if (await mailSlots.take(slotOf(mail), coolDownSeconds, tx)) await this.#queue(made, mail, tx);
  }

  /**
   * Tells the owner of sign-ins from new devices. A mail waits until a cool-down after the last one, and lists all the
   * sign-ins until then: it is deferred, never suppressed, so no sign-in hides behind another one.
   */
  async tellOfSignIns(user: UserRecord, signIns: SignIn[], transact: Transact): Promise<void> {
    const { mails, mailSlots, coolDownSeconds } = this.options;
    const mail = { kind: 'new-sign-in', user, to: user.email } as const;
    const add = (tx?: Transaction) => mails.addSignIns({ to: mail.to, user: user._id }, signIns, tx);
    if (await add()) return;
    await transact(async (tx) => {
      if (await add(tx)) return;
      const listed = { signIns: signIns.slice(-listedSignIns), signInCount: signIns.length };
      const made = await this.#make({ ...mail, ...listed });
      made.dueAt = await mailSlots.defer(slotOf(mail), coolDownSeconds, tx);
      await made.save({ session: tx });
    });
  }

  async #make({ user, nameless, ...mail }: NewMail): Promise<MailDoc> {
    const { mails, now } = this.options;
    const lane = this.#laneOf(user?._id.toHexString() ?? mail.to);
    const mark = user && !nameless && markOf(mail.kind, user);
    const made = mails.build({ ...mail, lane, ...mark }, now());
    await made.validate();
    return made;
  }

  #queue(made: MailDoc, { user }: NewMail, tx?: Transaction): Promise<void> {
    return this.options.mails.addOrRenew(made, user?.undone ?? [], tx);
  }

  #laneOf(owner: string): number {
    return createHash('sha256').update(this.#salt).update(owner).digest().readUInt32BE() / 2 ** 32;
  }
}

/** An account from elsewhere may have none that a mail can be queued for. */
const isAddress = (to: unknown): boolean => typeof to === 'string' && to !== '' && to.length <= 254;

/** An event that ends the link of this kind ends the queued mail too. */
const markOf = (kind: MailKind, user: UserRecord) => ({
  user: user._id,
  version: user.version,
  ...epochFor(kind, user),
});

/** For the account in that state of its links: an event that ends the link ends the cool-down too. */
const slotOf = ({ kind, to, user }: NewMail): MailSlot => ({
  kind,
  to,
  ...(user && { about: `${user._id.toHexString()}:${epochFor(kind, user).epoch ?? ''}` }),
});

function epochFor(kind: MailKind, user: UserRecord): { epoch?: number } {
  const link = linkOfMail[kind];
  return link && link !== 'signup' ? { epoch: epochOf(user, link) } : {};
}
