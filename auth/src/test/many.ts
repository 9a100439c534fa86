import type { mongo } from 'mongoose';
import type { Test } from 'supertest';
import { transactions } from '../models/database';
import { genOf } from '../models/revocation';
import { createLogger } from '../logger';
import { AccountCleanup } from '../services/accounts/account-cleanup';
import { sessionCookieOf } from './cookies';
import { never, pileUp, purposeOf, type PileLink } from './pile';
import { until } from './process';
import { password, useService, type TestService } from './service';

type Browser = ReturnType<TestService['browser']>;

interface RevokingEvent {
  /** The request that causes it. */
  happen: (account: Account & { admin: Browser }, service: TestService) => Test;
  /** Which links and mails it ends. */
  ends: readonly PileLink[];
  /** Whether the session of the request lives on. */
  keepsOwn: boolean;
}

const newPassword = 'another good password';
const requested = ['password-reset', 'email-change'] as const;
const all = ['verification', 'password-reset', 'email-change', 'email-change-undo'] as const;

const events: Record<string, RevokingEvent> = {
  'a change of password': {
    happen: ({ own }) =>
      own.put('/api/users/me/password').send({ currentPassword: password, password: newPassword }),
    ends: requested,
    keepsOwn: true,
  },
  'a reset': {
    happen: ({ pile }, { api }) =>
      api()
        .post('/api/users/password-reset/confirm')
        .send({ token: pile.token(1), password: newPassword }),
    ends: requested,
    keepsOwn: false,
  },
  'being disabled': {
    happen: ({ admin, path, user }) => admin.patch(path).send({ disabled: true, version: user.version }),
    ends: ['verification', ...requested],
    keepsOwn: false,
  },
  'a sign-out everywhere by an admin': {
    happen: ({ admin, path }) => admin.delete(`${path}/sessions`),
    ends: [],
    keepsOwn: false,
  },
  'a sign-out of others': {
    happen: ({ own }) => own.delete('/api/users/sessions'),
    ends: [],
    keepsOwn: true,
  },
  closing: {
    happen: ({ own }) => own.delete('/api/users/me').send({ password }),
    // An undo link brings a closed account back.
    ends: ['verification', ...requested],
    keepsOwn: false,
  },
  'being deleted by an admin': {
    happen: ({ admin, path }) => admin.delete(path),
    ends: all,
    keepsOwn: false,
  },
};

/**
 * S61: what ends sessions, links and mails succeeds at once, whatever number of them an account has.
 * @param names the events to try: all, unless they are given
 */
export function describeMany(count: number, names = Object.keys(events)): void {
  // The worker rests, so that queued mails stay queued.
  const service = useService({ mailing: 'waiting' });
  let admin: Browser;
  beforeAll(async () => {
    admin = await service.signedUpAdmin('admin@example.com');
    // From now on it deletes its first batch only, so that the rest is ended and still stored.
    await service.cleanup.stop();
  });
  // The long tests take longer than a JWT lives.
  beforeEach(async () => {
    await admin.get('/api/users/currentuser').expect(200);
    await admin.post('/api/users/me/confirm-password').send({ password }).expect(204);
  });

  it.each(Object.entries(events).filter(([name]) => names.includes(name)))(
    `S61 %s succeeds with ${count} of each as with ten`,
    async (name, event) => {
      const took: string[] = [];
      for (const size of [10, count]) {
        const account = await accountWith(service, `${name.replaceAll(' ', '-')}-${size}@example.com`, size);
        const started = performance.now();
        const { status } = await event.happen({ ...account, admin }, service);
        const eventMs = performance.now() - started;
        expect([200, 204]).toContain(status);
        await expectEnded(service, account, event);
        const cleanedAt = performance.now();
        await finishCleanup(service);
        await expectCleanedUp(service, account, event);
        const cleanupMs = performance.now() - cleanedAt;
        took.push(`${size} of each ${eventMs.toFixed()} ms, then ${cleanupMs.toFixed()} ms of cleanup`);
      }
      process.stdout.write(`S61 ${name}: ${took.join('; ')}\n`);
    },
  );

  it(`S61 the list, the cap and the cleanup read what they return, not all of ${count}`, async () => {
    const account = await accountWith(service, 'read@example.com', count);
    const ordinary = { email: account.user.email, password };
    const read = await readBy(service, async () => {
      await account.own.get('/api/users/sessions').expect(200);
      await service.api().post('/api/users/signin').send(ordinary).expect(200);
      await account.own.delete('/api/users/sessions').expect(204);
      await account.own
        .put('/api/users/me/password')
        .send({ currentPassword: password, password: newPassword });
      await finishCleanup(service);
      await account.own.delete('/api/users/sessions').expect(204);
      await finishCleanup(service);
    });
    expect(new Set(read.map(({ collection }) => collection))).toEqual(
      new Set(['sessions', 'actiontokens', 'mails', 'devices']),
    );
    // A query that changes its index on the way, or skips the sessions within the cap, reads a little more.
    expect(read.filter(({ keys, returned }) => keys > 2 * returned + 200)).toEqual([]);
    const deleted = read.filter(({ op }) => op === 'remove').map(({ returned }) => returned);
    expect(Math.max(...deleted)).toBeLessThanOrEqual(1000);
    process.stdout.write(
      read
        .slice(0, 10)
        .map((entry) => JSON.stringify(entry))
        .join('\n'),
    );
  });
}

/** How many keys and documents MongoDB read for each query that was made meanwhile, by its profiler. */
async function readBy(service: TestService, work: () => Promise<unknown>) {
  const database = databaseOf(service);
  await database.createCollection('system.profile', { capped: true, size: 2 ** 26 });
  await database.command({ profile: 2 });
  await work();
  await database.command({ profile: 0 });
  const grown = /[.](sessions|actiontokens|mails|devices)$/;
  const entries = await database
    .collection<Profiled>('system.profile')
    .find({ ns: grown, op: { $in: ['query', 'getmore', 'remove', 'update'] } })
    .toArray();
  return entries.map(
    ({ ns, op, keysExamined, docsExamined, nreturned = 0, ndeleted = 0, nModified = 0 }) => ({
      collection: grown.exec(ns)?.[1],
      op,
      keys: Math.max(keysExamined, docsExamined),
      returned: nreturned + ndeleted + nModified,
    }),
  );
}

interface Profiled {
  ns: string;
  op: string;
  keysExamined: number;
  docsExamined: number;
  nreturned?: number;
  ndeleted?: number;
  nModified?: number;
}

async function accountWith(service: TestService, email: string, size: number) {
  const own = await service.signedUp(email);
  const user = await service.users.findOne({ email }).lean().orFail();
  // Its link would be one more than those that are counted.
  await service.mails.deleteMany({ to: email });
  const pile = await pileUp(databaseOf(service), user, size);
  const id = user._id.toHexString();
  // The last ones, which no first batch reaches.
  const samples = Array.from({ length: 8 }, (_, n) => size - 1 - n);
  const others = await Promise.all(
    samples.map(async (n) => {
      const claims = { id, email, role: user.role, sid: pile.sessionId(n), gen: genOf(user) };
      return sessionCookieOf({ jwt: await service.jwts.sign(claims) });
    }),
  );
  const account = { user, pile, own, others, samples, size, path: `/api/users/${id}` };
  expect(await signedIn(service, account)).toEqual({ own: true, others: 8 });
  return account;
}

type Account = Awaited<ReturnType<typeof accountWith>>;

/** Who of the account is signed in: the browser that asks for the event, and how many of the other sessions tried. */
async function signedIn(service: TestService, { own, others }: Pick<Account, 'own' | 'others'>) {
  const asked = others.map((cookie) => service.api().get('/api/users/currentuser').set('Cookie', cookie));
  const answers = await Promise.all([own.get('/api/users/currentuser'), ...asked]);
  const [isOwn = false, ...areOthers] = answers.map(
    ({ body }) => (body as { currentUser: unknown }).currentUser !== null,
  );
  return { own: isOwn, others: areOthers.filter(Boolean).length };
}

async function expectEnded(service: TestService, account: Account, { ends, keepsOwn }: RevokingEvent) {
  const { user, pile, samples, size } = account;
  expect(await signedIn(service, account)).toEqual({ own: keepsOwn, others: 0 });
  const stored = await service.sessions.countDocuments({ user: user._id });
  if (size > 1000) expect(stored).toBeGreaterThan(1000);
  expect(await liveOnOldTerms(service, account)).toBe(keepsOwn ? 1 : 0);

  const ended = samples.filter((n) => ends.includes(purposeOf(n)));
  for (const n of ended) {
    const isReset = purposeOf(n) === 'password-reset';
    const response = await service
      .api()
      .post(`/api/users/${isReset ? 'password-reset' : 'email-verification'}/confirm`)
      .send({ token: pile.token(n), password: 'a password of somebody else' });
    expect(response.body).toEqual({
      errors: [{ message: 'Invalid or expired token', code: 'invalid_token', field: 'token' }],
    });
  }
  await expectNeverSent(service, ended.map(pile.mailId));
}

/** How many stored sessions the previous version of the service would take for live ones. */
async function liveOnOldTerms({ users, sessions }: TestService, { user }: Account): Promise<number> {
  const owner = await users.findById(user._id).lean();
  if (!owner || owner.disabled) return 0;
  const { generation = 0 } = owner;
  return sessions.collection.countDocuments({
    user: user._id,
    expiresAt: { $gt: new Date() },
    generation: generation === 0 ? { $in: [0, null] } : generation,
  });
}

/** Makes queued mails due, and lets the worker find that there is nothing to send. */
async function expectNeverSent({ mails, worker, now }: TestService, ids: mongo.ObjectId[]): Promise<void> {
  const theirs = { _id: { $in: ids } };
  await mails.collection.updateMany(theirs, { $set: { dueAt: now() } });
  worker?.start();
  await until(async () => (await mails.collection.countDocuments({ ...theirs, status: 'pending' })) === 0);
  await worker?.stop();
  expect(await mails.collection.countDocuments(theirs)).toBe(0);
}

/** As the next start of the service does. */
async function finishCleanup(service: TestService): Promise<void> {
  const { connection } = service;
  const logger = createLogger('silent');
  const cleanup = new AccountCleanup({
    collections: service,
    transact: transactions(connection),
    audit: service.auditTrail,
    logger,
  });
  cleanup.resume();
  await until(async () => (await service.cleanups.countDocuments()) === 0, 10 * 60_000);
  await cleanup.stop();
}

/** Everything that the event ended is gone, and nothing else. */
async function expectCleanedUp(service: TestService, account: Account, event: RevokingEvent): Promise<void> {
  const { user, size } = account;
  const left = all.filter((purpose) => !event.ends.includes(purpose));
  const purposes = Array.from({ length: size }, (_, n) => purposeOf(n));
  const kept = purposes.filter((purpose) => left.includes(purpose)).length;
  const owned = { user: user._id };
  expect(await service.sessions.countDocuments(owned)).toBe(event.keepsOwn ? 1 : 0);
  // Beside the link of the mail about the closing.
  const piled = { ...owned, purpose: { $ne: 'account-reopening' as const } };
  expect(await service.emailLinks.collection.countDocuments(piled)).toBe(kept);
  expect(await service.mails.collection.countDocuments({ ...owned, dueAt: never })).toBe(kept);
}

function databaseOf({ connection }: TestService): mongo.Db {
  if (!connection.db) throw new Error('Not connected');
  return connection.db;
}
