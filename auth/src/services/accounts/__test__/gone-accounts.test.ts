import { Types } from 'mongoose';
import { createLogger } from '../../../logger';
import { auditEntryOf } from '../../../models/audit-entry';
import { day, password, useService } from '../../../test/service';
import { GoneAccounts } from '../gone-accounts';

const service = useService({ mailing: 'waiting' });
type Browser = ReturnType<typeof service.browser>;

let admin: Browser;
beforeAll(async () => {
  admin = await service.signedUpAdmin('admin@example.com');
});
afterEach(() => {
  jest.restoreAllMocks();
});

async function newUser(name: string) {
  const email = `${name}@example.com`;
  const browser = await service.signedUp(email);
  await service.api().post('/api/users/signin').send({ email, password: 'a wrong password' }).expect(400);
  await service.auditTrail.flush();
  return { browser, user: (await service.users.findOne({ email }).lean().orFail())._id };
}
type User = Awaited<ReturnType<typeof newUser>>['user'];

/** What the timer does a minute later. */
async function aMinuteLater(): Promise<void> {
  await service.auditTrail.flush();
  service.advance(60);
  await service.goneAccounts.run();
}

/** The actions of an account's entries that have an address, and of those that have none. */
async function addressesOf(user: User) {
  const entries = await service.audit.find({ user }).sort({ _id: 1 }).lean();
  const actions = (hasAddress: boolean) =>
    entries.filter(({ from }) => (from !== undefined) === hasAddress).map(({ action }) => action);
  return { with: actions(true), without: actions(false) };
}
const marks = () => service.audit.collection.countDocuments({ forgetAt: { $exists: true } });

/** What the timer does once a closed account can't be brought back any more. */
async function aWeekLater(): Promise<void> {
  await service.auditTrail.flush();
  const later = () => new Date(service.now().getTime() + (7 * day + 60) * 1000);
  await new GoneAccounts({ ...options(), now: later }).run();
}
const options = () => ({
  collections: service.collections,
  logger: createLogger('silent'),
  now: service.now,
});

describe('addresses and browsers in the audit trail', () => {
  it('are removed once an admin has deleted the account, but not those of the admin or of others', async () => {
    const { user } = await newUser('deleted');
    const other = await newUser('other');
    await admin.delete(`/api/users/${user.toHexString()}`).send({}).expect(204);
    await aMinuteLater();
    expect(await addressesOf(user)).toEqual({ with: ['deleted'], without: ['signed-up', 'signed-in'] });
    expect(await addressesOf(other.user)).toEqual({ with: ['signed-up', 'signed-in'], without: [] });
    expect(await marks()).toBe(0);
  });

  it('are removed from what an admin did, once that account is gone', async () => {
    const former = await service.signedUpAdmin('former@example.com');
    const { _id } = await service.users.findOne({ email: 'former@example.com' }).lean().orFail();
    const { user } = await newUser('ruled');
    await former.delete(`/api/users/${user.toHexString()}/sessions`).send({}).expect(204);
    await admin.delete(`/api/users/${_id.toHexString()}`).send({}).expect(204);
    await aMinuteLater();
    expect((await addressesOf(user)).without).toEqual(['signed-out-by-admin']);
  });

  it('stay while a closed account can be brought back, and are removed when it can not', async () => {
    const { browser, user } = await newUser('closed');
    await browser.delete('/api/users/me').send({ password }).expect(204);
    await aMinuteLater();
    expect(await addressesOf(user)).toEqual({ with: ['signed-up', 'signed-in', 'closed'], without: [] });
    // MongoDB deletes it only about once a minute.
    await aWeekLater();
    expect((await addressesOf(user)).without).toEqual([]);
    expect(await marks()).toBe(1);
    await service.closedAccounts.deleteOne({ _id: user });
    await aWeekLater();
    expect(await addressesOf(user)).toEqual({ with: [], without: ['signed-up', 'signed-in', 'closed'] });
    expect(await marks()).toBe(0);
  });

  it('stay where the account was brought back', async () => {
    const { browser, user } = await newUser('back');
    await browser.delete('/api/users/me').send({ password }).expect(204);
    service.worker?.start();
    const token = await service.tokenTo('back@example.com', 'closed');
    await service.worker?.stop();
    await service.api().post('/api/users/email-verification/confirm').send({ token }).expect(200);
    await aWeekLater();
    expect((await addressesOf(user)).without.filter((action) => action !== 'link-sent')).toEqual([]);
    expect(await marks()).toBe(0);
  });

  it('are tried to remove again where that fails', async () => {
    const { user } = await newUser('again');
    await admin.delete(`/api/users/${user.toHexString()}`).send({}).expect(204);
    jest.spyOn(service.audit, 'forget').mockRejectedValueOnce(new Error('no primary'));
    await aMinuteLater();
    expect(service.logs).toContainEqual(expect.objectContaining({ event: 'gone_accounts_failed' }));
    expect((await addressesOf(user)).without).toEqual([]);
    await aMinuteLater();
    expect((await addressesOf(user)).without).toEqual(['signed-up', 'signed-in']);
  });

  it('are removed in batches, and the next start finishes what a crash has left', async () => {
    const { browser, user } = await newUser('crashed');
    const from = { ip: '192.0.2.1', userAgent: 'browser' };
    await service.audit.write(
      Array.from({ length: 2500 }, () =>
        auditEntryOf({ at: service.now(), action: 'signed-in', outcome: 'success', user, actor: user, from }),
      ),
    );
    await browser.delete('/api/users/me').send({ password }).expect(204);
    await service.closedAccounts.deleteOne({ _id: user });
    const forget = service.audit.forget.bind(service.audit);
    jest
      .spyOn(service.audit, 'forget')
      .mockImplementationOnce(forget)
      .mockRejectedValueOnce(new Error('no primary'));
    await aWeekLater();
    expect((await addressesOf(user)).without).toHaveLength(1000);
    const now = () => new Date(service.now().getTime() + (7 * day + 60) * 1000);
    const next = new GoneAccounts({ ...options(), now });
    next.start();
    await next.stop();
    // Told to stop, it has not done everything either.
    const last = new GoneAccounts({ ...options(), now });
    await last.run();
    expect((await addressesOf(user)).with).toEqual([]);
    expect(await marks()).toBe(0);
  });
});

describe('an account that can be brought back for a shorter time than its links live', () => {
  const short = useService({ closedAccountSeconds: 60 });

  it('leaves no link and no mail', async () => {
    const email = 'brief@example.com';
    const browser = await short.signedUp(email);
    await browser.put('/api/users/me/email').send({ email: 'next@example.com', password }).expect(202);
    await short.tokenTo(email, 'being changed');
    await short.worker?.stop();
    const { _id: user } = await short.users.findOne({ email }).lean().orFail();
    await browser.delete('/api/users/me').send({ password }).expect(204);
    const left = () =>
      Promise.all([short.emailLinks.countDocuments({ user }), short.mails.countDocuments({ user })]);
    expect(await left()).toEqual([1, 1]);
    await short.closedAccounts.deleteOne({ _id: user });
    await short.auditTrail.flush();
    short.advance(120);
    await short.goneAccounts.run();
    expect(await left()).toEqual([0, 0]);
  });
});

describe('addresses of closed accounts', () => {
  const crowd = useService({ mailing: 'off' });

  it('S60 cost nothing for 10,000 closed accounts that a link may bring back, and batches for those that are gone', async () => {
    const entries = (count: number, until: Date) =>
      Array.from({ length: count }, () =>
        auditEntryOf({
          at: crowd.now(),
          action: 'closed',
          outcome: 'success',
          user: new Types.ObjectId(),
          until,
        }),
      );
    const inAWeek = new Date(crowd.now().getTime() + 7 * day * 1000);
    await crowd.audit.write(entries(10_000, inAWeek));
    await crowd.audit.write(entries(2500, new Date(0)));
    const looks = [crowd.users, crowd.closedAccounts].map(({ collection }) =>
      jest.spyOn(collection, 'distinct'),
    );
    await crowd.goneAccounts.run();
    expect(looks.map((look) => look.mock.calls.length)).toEqual([6, 3]);
    for (const look of looks) look.mockClear();
    const began = performance.now();
    await crowd.goneAccounts.run();
    process.stderr.write(
      `looking at 10,000 closed accounts takes ${(performance.now() - began).toFixed(0)} ms\n`,
    );
    expect(looks.map((look) => look.mock.calls.length)).toEqual([0, 0]);
    expect(await crowd.audit.collection.countDocuments({ forgetAt: { $exists: true } })).toBe(10_000);
  }, 180_000);
});
