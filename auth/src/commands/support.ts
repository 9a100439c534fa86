import type { Config } from '../config';
import type { MailRecord } from '../models/mail';
import { givenEmail } from '../routes/fields';
import { Support, type AddressReport } from '../services/accounts/support';
import { operator } from '../services/caller';
import { Limits } from '../services/limits/limits';
import { withCollections, type CommandAbout } from './command';
import { validated } from './validated';

/** Says why somebody with that address can't sign in, or gets no mail. */
export const why: CommandAbout = (address, config) =>
  withSupport(address, config(), async (support, to) => [
    to,
    ...linesOf(await support.report(to, operator())),
  ]);

/** Forgets what limits have counted against an address. */
export const unblock: CommandAbout = (address, config) =>
  withSupport(address, config(), async (support, to) => {
    await support.unblock(to, operator());
    return [`Nothing is counted against ${to} any more. Every process knows it within ten seconds.`];
  });

/** Queues mails again that could not be delivered. */
export const resend: CommandAbout = (address, config) =>
  withSupport(address, config(), async (support, to) => {
    const count = await support.resend(to, operator());
    return [count === 0 ? `No mail to ${to} has failed.` : `Queued mails to ${to} again: ${count}`];
  });

async function withSupport(
  address: string,
  config: Config,
  work: (support: Support, email: string) => Promise<string[]>,
): Promise<string[]> {
  const { email: to } = await validated({ email: address }, [givenEmail()]);
  return withCollections(config, ({ collections, cleanup, audit, logger }) => {
    const limits = new Limits({ ...config.limits, model: collections.limits, logger });
    const maxSessions = config.session.maxPerAccount;
    const now = (): Date => new Date();
    return work(new Support({ ...collections, limits, cleanup, audit, maxSessions, now }), to);
  });
}

function linesOf({ account, liveSessions, closed, limits, mails }: AddressReport): string[] {
  return [
    ...(account
      ? [
          `account: ${account._id.toHexString()}, ${account.role}, created ${time(account.createdAt)}`,
          `disabled: ${account.disabled ? 'yes, by an admin' : 'no'}`,
          `verified: ${account.emailVerified ? 'yes' : 'no'}`,
          ...(account.pendingEmail === undefined
            ? []
            : ['a change to another address waits for its confirmation']),
          `sessions: ${liveSessions}`,
        ]
      : ['account: none has this address']),
    ...closed.map(({ id, until }) => `closed: ${id}, can be brought back by a link until ${time(until)}`),
    ...limits.map(
      ({ limit, count, max, blocked, until }) =>
        `limit: ${limit}, ${count} of ${max}${blocked ? ', blocked' : ''} until ${time(until)}`,
    ),
    ...(mails.length > 0 ? mails.map(lineOf) : ['mails: none is known']),
  ];
}

function lineOf({ status, kind, createdAt, attempts, dueAt, retryAt, lastError }: MailRecord): string {
  const waits = status === 'pending' && retryAt?.getTime() === dueAt.getTime();
  return [
    `mail: ${status === 'pending' ? 'waiting' : status}, ${kind}, asked for ${time(createdAt)}, attempts ${attempts}`,
    ...(waits ? [`tried again ${time(retryAt)}`] : []),
    ...(lastError === undefined || status === 'sent' ? [] : [`because: ${printable(lastError)}`]),
  ].join(', ');
}

const time = (date: Date): string => date.toISOString();

// A mail server's words go to a terminal.
const printable = (text: string): string => text.replace(/[^!-~]+/g, ' ').trim();
