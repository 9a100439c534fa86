import type { Types } from 'mongoose';
import { CustomError } from '../../errors/custom-error';
import type { MailKind } from '../../models/mail';
import type { LiveSession } from '../../models/session';
import type { UserRecord } from '../../models/user';
import { operator, type Caller, type SignedInCaller } from '../../services/caller';
import { sendMails } from './mail-process';
import type { Process, ReceivedLink, Stage } from './stage';

/** Somebody with mailboxes, and what that person knows and has. The newest of each comes first. */
export interface Person {
  name: string;
  addresses: string[];
  passwords: string[];
  jwts: string[];
  links: ReceivedLink[];
}

const person = (name: string, addresses: string[]): Person => ({
  name,
  addresses,
  passwords: [firstPassword],
  jwts: [],
  links: [],
});

let stories = 0;

/** An account whose password the owner and a thief know, and all that happens to it. */
export class Story {
  readonly owner: Person;
  readonly thief: Person;
  readonly log: string[] = [];
  /** How many transactions have ended. */
  endings = 0;
  /** How many are running. They wait for turns, and a write outside of them waits for one that holds the same mail. */
  running = 0;
  /** Whether a mail may be due that no worker has looked for. */
  mayHaveMail = true;
  /** Whether somebody who may remove the account for good has asked for it. */
  mayBeGone = false;
  #passwords = 0;

  private constructor(
    readonly stage: Stage,
    readonly account: Types.ObjectId,
    readonly address: string,
    place: number,
  ) {
    this.owner = person('owner', [address, `second-${place}@owner.example`]);
    this.thief = person('thief', [`first-${place}@thief.example`, `second-${place}@thief.example`]);
  }

  static async begin(stage: Stage): Promise<Story> {
    // What an earlier story has left, if it was cut short.
    await stage.collections.mails.deleteMany({ status: 'pending' });
    const place = (stories += 1);
    const email = `first-${place}@owner.example`;
    const { accounts, sessions } = stage.process();
    const user = await accounts.signUp({ email, password: firstPassword }, anyone);
    const story = new Story(stage, user._id, email, place);
    for (const { jwts } of [story.owner, story.thief])
      jwts.unshift((await sessions.start(user, { replaced: [], knownDevice: false }, anyone)).jwt);
    return story;
  }

  /** Whether no transaction can hold a mail. */
  readonly mailsAreFree = (): boolean => this.running === 0;

  note(text: string): void {
    this.log.push(text);
  }

  receive(link: ReceivedLink): void {
    for (const { addresses, links } of [this.owner, this.thief])
      if (addresses.includes(link.to)) links.unshift(link);
  }

  newPassword(of: Person): string {
    const password = `password ${(this.#passwords += 1)} of the ${of.name}`;
    of.passwords.unshift(password);
    return password;
  }

  /** The account as it is now; undefined where it is gone. */
  current() {
    return this.stage.account(this.account);
  }

  /** The password of that account, if the person knows it. */
  async passwordFor({ passwords }: Person, { password: stored }: UserRecord): Promise<string | undefined> {
    for (const password of passwords)
      if (await this.stage.passwords.compare(stored, password, anyone)) return password;
    return undefined;
  }

  /** The newest session of the person that is alive. */
  async session({ jwts }: Person, { sessions }: Process): Promise<LiveSession | undefined> {
    for (const jwt of jwts) {
      const live = await sessions.authenticate([jwt], 'findNow');
      if (live) return live;
    }
    return undefined;
  }

  /** Signs in to the account, if the person knows its password. */
  async signIn(me: Person, account: UserRecord, process: Process): Promise<void> {
    const { accounts, sessions, turn } = process;
    const password = await this.passwordFor(me, account);
    if (password === undefined) return;
    const { user } = await accounts.signIn({ email: account.email, password }, anyone);
    await turn('starts a session');
    me.jwts.unshift((await sessions.start(user, { replaced: [], knownDevice: false }, anyone)).jwt);
  }

  /** Uses the link up, for a password of the person's own where it is a reset. */
  async follow(me: Person, { kind, to, token }: ReceivedLink, process: Process): Promise<void> {
    const { mail } = process;
    if (resets.includes(kind)) await mail.passwordReset.confirm(token, this.newPassword(me), anyone);
    else await this.#confirm(me, token, process);
    this.note(`${me.name}: has followed ${kind} to ${to}`);
  }

  /** With a session of each account and with each password that the person has: some links need the account's. */
  async #confirm(me: Person, token: string, { mail, sessions }: Process): Promise<void> {
    const found = await Promise.all(me.jwts.map((jwt) => sessions.authenticate([jwt], 'findNow')));
    const live = found.filter((account) => account !== undefined);
    const ofEach = new Map(live.map((account) => [account.user._id.toHexString(), account])).values();
    const proofs: [Caller, string | undefined][] = [
      ...[...ofEach].map((account) => [callerOf(account), undefined] as [Caller, undefined]),
      ...me.passwords.map((password) => [anyone, password] as [Caller, string]),
    ];
    let refusal: unknown;
    for (const [caller, password] of proofs) {
      try {
        await mail.emailConfirmation.confirm({ token, ...(password !== undefined && { password }) }, caller);
        return;
      } catch (error) {
        if (!(error instanceof CustomError) || !isAboutProof(error)) throw error;
        refusal = error;
      }
    }
    throw refusal;
  }

  /** The leases of mails that workers have claimed end. */
  async endLeases(): Promise<void> {
    await this.stage.collections.mails.updateMany({ status: 'pending' }, { dueAt: new Date(0) });
    this.mayHaveMail = true;
  }

  /** Every mail is sent, also those of workers that died. */
  async drain(): Promise<void> {
    await this.endLeases();
    await sendMails(this, () => Promise.resolve());
  }
}

const firstPassword = 'the first password';
export const anyone: Caller = { ...operator(), ip: '127.0.0.1', userAgent: 'test' };
export const callerOf = (account: LiveSession): SignedInCaller => ({ ...anyone, account });
export const resets: readonly MailKind[] = ['password-reset', 'account-reopened'];

/** Whether the service wants the session or the password of the account beside the token. */
const isAboutProof = (error: CustomError): boolean =>
  error.statusCode === 401 || error.serializeErrors().some(({ field }) => field === 'password');

/** Undefined where the service refused, and said why. */
export async function unlessRefused<T>(request: Promise<T>): Promise<T | undefined> {
  try {
    return await request;
  } catch (error) {
    if (error instanceof CustomError && error.statusCode < 500) return undefined;
    throw error;
  }
}
