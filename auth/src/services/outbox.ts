import type { Transaction } from '../models/database';
import type { MailAttrs, MailModel } from '../models/mail';
import type { UserRecord } from '../models/user';

/** Where mails wait to be sent: written with the change that they are about, all or nothing. */
export class Outbox {
  constructor(private readonly options: { mails: MailModel; now: () => Date }) {}

  /** @param tx the transaction of the change; none where the mail is all that is written */
  async add(mail: MailAttrs, tx?: Transaction): Promise<void> {
    const { mails, now } = this.options;
    await mails.build(mail, now()).save(tx && { session: tx });
  }

  /** Takes back what would tell of changes of address that were asked for at that time or after it. */
  async withdrawNotices(user: Pick<UserRecord, '_id'>, since: Date, tx: Transaction): Promise<void> {
    await this.options.mails.deleteNotices(user._id, since, tx);
  }
}
