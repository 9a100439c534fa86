import { trusted } from 'mongoose';
import type { MailModel, MailRecord } from '../../models/mail';
import { Audit } from '../../services/audit/audit';
import { EmailLinks } from '../../services/mail/email-links';
import { Letters } from '../../services/mail/letters';
import { MailWorker } from '../../services/mail/mail-worker';
import type { Story } from './story';
import { logger, now, publicUrl, type Turn } from './stage';

/** Sends the story's mails to mailboxes in memory, until none is due. */
export async function sendMails(story: Story, turn: Turn): Promise<void> {
  const { mails: model, users, emailLinks: links, usedLinks, closedAccounts } = story.stage.collections;
  let claimed: MailRecord | null = null;
  let settle: { resolve: () => void; reject: (reason: unknown) => void } | undefined;
  const idle = new Promise<void>((resolve, reject) => (settle = { resolve, reject }));
  // The service claims a random mail. Here it is the oldest one, so that a seed can be repeated.
  const claim: MailModel['claim'] = async (leaseMs) => {
    claimed = null;
    try {
      await turn('claims a mail', story.mailsAreFree);
      claimed = await claimOldest(model, leaseMs);
      if (claimed) story.note(`it is ${describe(claimed)}`);
      else settle?.resolve();
    } catch (error) {
      settle?.reject(error);
    }
    return claimed;
  };
  const finish: MailModel['finish'] = async (...outcome) => {
    await turn('records the outcome', story.mailsAreFree);
    await model.finish(...outcome);
  };
  const stepped = { claim, finish };
  const mails = new Proxy(model, {
    get: (target, name) => Reflect.get(name in stepped ? stepped : target, name) as unknown,
  });
  class SteppedLinks extends EmailLinks {
    override async issue(...args: Parameters<EmailLinks['issue']>) {
      await turn('writes the link');
      return super.issue(...args);
    }
  }
  class SteppedLetters extends Letters {
    override async write(mail: MailRecord) {
      await turn('looks whom to write to');
      return super.write(mail);
    }
  }
  const audit = new Audit({ model: story.stage.collections.audit, seconds: 60, logger, now });
  const letters = new SteppedLetters({
    users,
    closedAccounts,
    emailLinks: new SteppedLinks({ model: links, usedLinks, users, closedAccounts, audit, now }),
    publicUrl,
    productName: 'ticketing',
    now,
  });
  const worker = new MailWorker({
    mails,
    letters,
    audit,
    mailer: {
      send: async ({ text }, { to }) => {
        await turn('sends the mail');
        const [, token] = /#token=([\w-]+)/.exec(text) ?? [];
        if (claimed && token !== undefined) story.receive({ kind: claimed.kind, to, token });
      },
      close: () => undefined,
    },
    logger,
    places: 1,
    pollMs: 1,
  });
  worker.start();
  await idle.finally(() => worker.stop());
}

const claimOldest = (mails: MailModel, leaseMs: number): Promise<MailRecord | null> =>
  mails
    .findOneAndUpdate(
      { status: 'pending', $expr: trusted({ $lte: ['$dueAt', '$$NOW'] }) },
      [{ $set: { attempts: { $add: ['$attempts', 1] }, dueAt: { $add: ['$$NOW', leaseMs] } } }],
      { returnDocument: 'after', updatePipeline: true, sort: { createdAt: 1, _id: 1 } },
    )
    .lean();

const describe = ({ kind, to }: MailRecord): string => `${kind} to ${to}`;
