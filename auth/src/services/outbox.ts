import type { Transaction } from '../models/database';
import type { MailAttrs, MailModel } from '../models/mail';

/** Where mails wait to be sent: written with the change that they are about, all or nothing. */
export class Outbox {
  constructor(private readonly options: { mails: MailModel; now: () => Date }) {}

  /** @param tx the transaction of the change; none where the mail is all that is written */
  async add(mail: MailAttrs, tx?: Transaction): Promise<void> {
    const { mails, now } = this.options;
    await mails.build(mail, now()).save(tx && { session: tx });
  }
}
