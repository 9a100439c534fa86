import { createLogger } from '../../../logger';
import { transactions } from '../../../models/database';
import { linkLifetimes } from '../../../models/link-purposes';
import type { UserRecord } from '../../../models/user';
import { pileUp } from '../../../test/pile';
import { until } from '../../../test/process';
import { password, useService } from '../../../test/service';
import { operator } from '../../caller';
import { AccountCleanup } from '../account-cleanup';

const service = useService({ mailing: 'waiting' });
type Browser = ReturnType<typeof service.browser>;

let admin: Browser;
const started: AccountCleanup[] = [];
beforeAll(async () => {
  admin = await service.signedUpAdmin('admin@example.com');
});
afterEach(async () => {
  jest.restoreAllMocks();
  await Promise.all(started.splice(0).map((cleanup) => cleanup.stop()));
});

/** What another process of the service has, on the same database. */
function anotherCleanup(): AccountCleanup {
  const transact = transactions(service.connection);
  const cleanup = new AccountCleanup({
    collections: service,
    transact,
    audit: service.auditTrail,
    logger: createLogger('silent'),
  });
  started.push(cleanup);
  return cleanup;
}

const stored = (email: string) => service.users.findOne({ email }).lean().orFail();
const isIdle = async () => (await service.cleanups.countDocuments()) === 0;
const pathOf = ({ _id }: UserRecord) => `/api/users/${_id.toHexString()}`;
const isSignedIn = async (browser: Browser): Promise<boolean> =>
  (await browser.get('/api/users/currentuser').expect(200)).body.currentUser !== null;

async function accountWith(email: string, count: number) {
  const browser = await service.signedUp(email);
  const user = await stored(email);
  if (service.connection.db) await pileUp(service.connection.db, user, count);
  return { browser, user };
}

/** How many sessions, links and mails of the account are stored. */
const countsOf = ({ _id: user }: UserRecord) =>
  Promise.all(
    [service.sessions, service.emailLinks, service.mails].map(({ collection }) =>
      collection.countDocuments({ user }),
    ),
  );

/** Has this happen right after the cleanup has read the account. */
function onceRead(happen: () => Promise<unknown>): void {
  const findById = service.users.findById.bind(service.users);
  jest.spyOn(service.users, 'findById').mockImplementationOnce(((id: unknown) => ({
    lean: async () => {
      const user = await findById(id).lean();
      await happen();
      return user;
    },
  })) as never);
}

describe('S61 the cleanup of ended sessions, links and mails', () => {
  it('S60 deletes what has ended in several batches, keeps what lives, and leaves no entry of its own', async () => {
    const { browser, user } = await accountWith('batches@example.com', 2500);
    const other = await accountWith('other@example.com', 10);
    const [, links, mails] = await countsOf(user);
    await browser.delete('/api/users/sessions').expect(204);
    await until(isIdle);
    expect(await countsOf(user)).toEqual([1, links, mails]);
    expect(await isSignedIn(browser)).toBe(true);
    expect(await countsOf(other.user)).toEqual([11, 10, 11]);
  });

  it('keeps what is newer than the account that it has read', async () => {
    const { browser, user } = await accountWith('newer@example.com', 8);
    onceRead(async () => {
      await admin.patch(pathOf(user)).send({ disabled: true, version: 0 }).expect(200);
      await admin.patch(pathOf(user)).send({ disabled: false, version: 1 }).expect(200);
      await until(async () => (await service.cleanups.countDocuments()) === 1);
      if (service.connection.db) await pileUp(service.connection.db, await stored(user.email), 8);
    });
    await browser.delete('/api/users/sessions').expect(204);
    await until(isIdle);
    // With the undo links and notices of before, which no event has ended, and two notices of the admin's events.
    expect(await countsOf(user)).toEqual([8, 8 + 2, 8 + 2 + 2]);
  });

  it('stops between two batches, and the next start finishes it', async () => {
    const { user } = await accountWith('stopped@example.com', 2500);
    const cleanup = anotherCleanup();
    await cleanup.transact(operator(), async ({ tx, tidy, record }) => {
      const context = { now: service.now(), tx };
      await service.users.applyEvent('signed-out-by-admin', { _id: user._id }, undefined, context);
      await record({ action: 'signed-out-by-admin', user: user._id });
      await tidy({ user: user._id });
    });
    await cleanup.stop();
    const [sessions] = await countsOf(user);
    expect(sessions).toBe(2501 - 100 - 1000);
    anotherCleanup().resume();
    await until(isIdle);
    expect(await countsOf(user)).toEqual([0, 2500, 2501]);
  });

  it('fails no request where it fails, and the next start finishes it', async () => {
    const { browser, user } = await accountWith('failed@example.com', 10);
    onceRead(() => Promise.reject(new Error('no primary')));
    await browser.delete('/api/users/sessions').expect(204);
    expect(service.logs).toContainEqual(expect.objectContaining({ level: 'warn', event: 'cleanup_failed' }));
    expect(await countsOf(user)).toEqual([11, 10, 11]);
    anotherCleanup().resume();
    await until(isIdle);
    expect(await countsOf(user)).toEqual([1, 10, 11]);
  });

  it('keeps the links of sign-ups that began after the one whose links it deletes', async () => {
    const email = 'again@example.com';
    const { _id } = await service.cleanups.create({ email });
    const issuedAfter = (ms: number, id: string) => {
      const expiresAt = new Date(_id.getTimestamp().getTime() + ms + linkLifetimes.signup);
      return service.emailLinks.build(id.repeat(64), { purpose: 'signup', email, expiresAt }).save();
    };
    await issuedAfter(-1000, 'a');
    await issuedAfter(60_000, 'b');
    anotherCleanup().resume();
    await until(isIdle);
    expect(await service.emailLinks.distinct('_id', { email })).toEqual(['b'.repeat(64)]);
  });

  it('leaves nothing of an account that an admin deletes, in any collection, but its id in the audit trail', async () => {
    const email = 'deleted@example.com';
    const browser = await service.signedUp(email);
    const user = await stored(email);
    const send = { email: 'moved@example.com', password };
    await browser.put('/api/users/me/email').send(send).expect(202);
    service.worker?.start();
    await service.mailTo(email, 'being changed');
    await service.mailTo('moved@example.com');
    await service.worker?.stop();
    if (service.connection.db) await pileUp(service.connection.db, user, 1500);
    await admin.delete(pathOf(user)).expect(204);
    await until(isIdle);
    const left = (await service.everything()).flat().map((document) => JSON.stringify(document));
    expect(left.filter((text) => text.includes(user._id.toHexString()))).toEqual([]);
    expect(left.filter((text) => text.includes(email))).toEqual([]);
    expect(JSON.stringify(await service.audit.find().lean())).not.toContain(email);
  });
});
