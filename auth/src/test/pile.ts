import { createHash, randomBytes } from 'node:crypto';
import { mongo } from 'mongoose';
import { accountLinks, type AccountLink } from '../models/account-events';
import { linkLifetimes } from '../models/link-purposes';
import { epochOf } from '../models/revocation';
import type { UserRecord } from '../models/user';

/** Sessions, links and queued mails of one account. Each has a number, from 0. */
export interface Pile {
  sessionId: (n: number) => string;
  token: (n: number) => string;
  mailId: (n: number) => mongo.ObjectId;
}

/** An open account has no link that brings it back. */
export type PileLink = Exclude<AccountLink, 'account-reopening'>;

const pileLinks = accountLinks.filter((purpose) => purpose !== 'account-reopening');

/** The purpose of a link, and of the link that a mail would carry: the four take turns. */
export const purposeOf = (n: number): PileLink => pileLinks[n % 4] ?? 'verification';

/** Whether a document has the form of the previous version of the service: four of eight do. */
const isOld = (n: number): boolean => n % 8 >= 4;

const mailKinds = {
  verification: 'verification',
  'password-reset': 'password-reset',
  'email-change': 'email-change',
  'email-change-undo': 'email-change-notice',
} as const satisfies Record<PileLink, string>;

// No worker sends these mails unless a test makes them due.
export const never = new Date('2100-01-01');
const batchSize = 10_000;
const sha256 = (text: string) => createHash('sha256').update(text);

/** Stores so many sessions, links and queued mails, past the service. */
export async function pileUp(db: mongo.Db, user: UserRecord, count: number): Promise<Pile> {
  const key = randomBytes(6).toString('hex');
  const pile: Pile = {
    sessionId: (n) => `${key}${n.toString().padStart(12, '0')}`,
    token: (n) => sha256(pile.sessionId(n)).digest('base64url'),
    mailId: (n) => new mongo.ObjectId(`${key}${n.toString(16).padStart(12, '0')}`),
  };
  for (let from = 0; from < count; from += batchSize) {
    const documents = Array.from({ length: Math.min(batchSize, count - from) }, (_, n) =>
      documentsOf(pile, user, from + n),
    );
    const insert = <T extends mongo.Document>(name: string, many: mongo.OptionalUnlessRequiredId<T>[]) =>
      db.collection<T>(name).insertMany(many, { ordered: false });
    await Promise.all([
      insert(
        'sessions',
        documents.map(({ session }) => session),
      ),
      insert(
        'actiontokens',
        documents.map(({ link }) => link),
      ),
      insert(
        'mails',
        documents.map(({ mail }) => mail),
      ),
    ]);
  }
  return pile;
}

function documentsOf(pile: Pile, user: UserRecord, n: number) {
  const now = new Date();
  const used = new Date(now.getTime() - linkLifetimes['password-reset'] - n);
  const purpose = purposeOf(n);
  const expiresAt = new Date(now.getTime() + linkLifetimes[purpose]);
  const { generation = 0, version, email } = user;
  const mark = { user: user._id, ...(!isOld(n) && { epoch: epochOf(user, purpose), version }) };
  const session = {
    _id: pile.sessionId(n),
    user: user._id,
    // Unused for longer than any session that a test starts.
    createdAt: used,
    lastUsedAt: used,
    expiresAt: new Date(now.getTime() + linkLifetimes['email-change-undo']),
    ip: '203.0.113.7',
    userAgent: 'a browser of the pile',
    // The oldest sessions have none, which means 0.
    ...(!(isOld(n) && generation === 0) && { generation }),
  };
  const link = {
    _id: sha256(pile.token(n)).digest('hex'),
    ...mark,
    purpose,
    email,
    expiresAt,
    ...(purpose === 'email-change-undo' && { askedAt: now }),
  };
  const mail = {
    _id: pile.mailId(n),
    ...mark,
    kind: mailKinds[purpose],
    to: email,
    status: 'pending',
    attempts: 0,
    dueAt: never,
    createdAt: now,
    ...(purpose === 'email-change-undo' && { newEmail: `new-${email}` }),
  };
  return { session, link, mail };
}
