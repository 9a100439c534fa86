import { EventEmitter, once } from 'node:events';
import type { ParsedMail } from 'mailparser';
import { describeMail, type ReceivedMail } from './mail';

const maxMails = 500;
const maxTakeMs = 30_000;

/** The mails that came, in memory. Emits `change` when one comes or when they are cleared. */
export class Mailbox extends EventEmitter<{ change: [] }> {
  /** The newest last. */
  readonly mails: ReceivedMail[] = [];
  private received = 0;
  private readonly given = new WeakSet<ReceivedMail>();

  constructor() {
    super();
    // A test may wait for any number of mails at once.
    this.setMaxListeners(0);
  }

  add(parsed: ParsedMail): ReceivedMail {
    const mail = describeMail(parsed, (this.received += 1));
    this.mails.push(mail);
    if (this.mails.length > maxMails) this.mails.shift();
    this.emit('change');
    return mail;
  }

  clear(): void {
    this.mails.length = 0;
    this.emit('change');
  }

  /** The mails to one address, in capitals or not; all of them without one. */
  to(address: string | undefined): ReceivedMail[] {
    const wanted = address?.toLowerCase();
    return this.mails.filter((mail) => wanted === undefined || mail.to.toLowerCase() === wanted);
  }

  /** The newest token that was not given yet, so that a script that asks again waits for the next one. */
  nextToken(address: string | undefined): string | undefined {
    const mail = this.to(address).findLast((one) => one.token !== undefined && !this.given.has(one));
    if (mail) this.given.add(mail);
    return mail?.token;
  }

  /**
   * Waits up to 30 s for a mail, and removes it.
   * @throws {Error} naming the mails that came, when the wanted one did not
   */
  async take(wanted: (mail: ReceivedMail) => boolean): Promise<ReceivedMail> {
    const limit = AbortSignal.timeout(maxTakeMs);
    for (;;) {
      const index = this.mails.findIndex(wanted);
      const [mail] = index < 0 ? [] : this.mails.splice(index, 1);
      if (mail) return mail;
      await once(this, 'change', { signal: limit }).catch(() => {
        const others = this.mails.map(({ to, subject }) => `${to} ${subject}`).join(', ');
        throw new Error(`no such mail among: ${others}`);
      });
    }
  }
}
