import { mongo } from 'mongoose';
import { createLogger } from '../../../logger';
import { auditActions } from '../../../models/audit-actions';
import { auditEntryOf, type AuditModel, type NewEntry } from '../../../models/audit-entry';
import { valueOf } from '../../../test/metrics';
import { until } from '../../../test/process';
import { day, password, useService } from '../../../test/service';
import { Metrics } from '../../metrics/metrics';
import { Audit } from '../audit';

const service = useService({ mailing: 'off' });

afterEach(() => {
  jest.restoreAllMocks();
});

const signin = (email: string, secret: string, ip = '192.0.2.1') =>
  service
    .api()
    .post('/api/users/signin')
    .set('X-Forwarded-For', ip)
    .set('User-Agent', `browser of ${ip}`)
    .send({ email, password: secret });

const idOf = async (email: string) => (await service.users.findOne({ email }).lean().orFail())._id;

async function stored() {
  await service.auditTrail.flush();
  return service.audit.find().sort({ _id: 1 }).lean();
}

async function begin(): Promise<void> {
  await service.auditTrail.flush();
  await service.audit.deleteMany();
}

/** Keeps the clock of the service away from the end of a minute. */
function early(): void {
  const left = 60 - ((service.now().getTime() / 1000) % 60);
  if (left < 20) service.advance(left + 1);
}

const caller = {
  ip: '192.0.2.9',
  userAgent: 'browser',
  requestId: 'r',
  signal: new AbortController().signal,
};

/** Another process's trail, on a model whose writes can fail. */
function anotherTrail(write: AuditModel['write']) {
  const log: Record<string, unknown>[] = [];
  const logger = createLogger('debug', {
    write: (line: string) => void log.push(JSON.parse(line) as Record<string, unknown>),
  });
  const metrics = new Metrics();
  const model = { write } as AuditModel;
  const audit = new Audit({ model, seconds: day, metrics, logger, now: service.now });
  return { audit, log, metrics };
}

describe('S60 refused sign-ins', () => {
  it('to one account, and from one network, have one entry a minute each, which counts them', async () => {
    await service.signedUp('tried@example.com');
    const user = await idOf('tried@example.com');
    early();
    await begin();
    for (const ip of ['2001:db8:1:2::1', '2001:db8:1:2:ffff::9', '2001:db8:1:2:3:4:5:6'])
      await signin('tried@example.com', 'a wrong password', ip).expect(400);
    await service.auditTrail.flush();
    for (const ip of ['192.0.2.1', '192.0.2.2']) await signin('tried@example.com', 'a wrong password', ip);
    const of = { at: expect.any(Date), action: 'signed-in', outcome: 'refused' };
    const rest = {
      _id: expect.anything(),
      key: expect.stringMatching(/^[0-9a-f]{64}$/),
      expiresAt: expect.any(Date),
    };
    const from = (ip: string, last = ip) => ({ from: { ip, userAgent: `browser of ${last}` } });
    expect(await stored()).toEqual(
      expect.arrayContaining([
        { ...of, ...rest, count: 3, ...from('2001:db8:1:2::/64', '2001:db8:1:2:3:4:5:6') },
        { ...of, ...rest, count: 1, ...from('192.0.2.1') },
        { ...of, ...rest, count: 1, ...from('192.0.2.2') },
        { ...of, ...rest, count: 5, user, ...from('192.0.2.2') },
      ]),
    );
    expect(await service.audit.countDocuments()).toBe(4);
    service.advance(60);
    await signin('tried@example.com', 'a wrong password').expect(400);
    expect((await stored()).slice(4)).toHaveLength(2);
  });

  it('for addresses that nobody has are counted under their network alone', async () => {
    early();
    await begin();
    for (let n = 0; n < 20; n += 1) await signin(`nobody-${n}@example.com`, password).expect(400);
    expect(await stored()).toEqual([expect.objectContaining({ action: 'signed-in', count: 20 })]);
    expect(JSON.stringify(await stored())).not.toContain('example.com');
  });

  it('of a flood store a bounded number of entries', async () => {
    await service.signedUp('flooded@example.com');
    const user = await idOf('flooded@example.com');
    early();
    await begin();
    for (let n = 0; n < 2000; n += 1) {
      const from = { ...caller, ip: `2001:db8::${n.toString(16)}` };
      service.auditTrail.refuse('signed-in', from, n % 2 ? user : undefined);
    }
    const entries = await stored();
    expect(entries.map(({ count }) => count).sort()).toEqual([1000, 2000]);
  });
});

describe('S60 what waits to be stored', () => {
  it('is stored within a second, without any other call', async () => {
    await service.signedUp('waits@example.com');
    await begin();
    const startedAt = performance.now();
    await signin('waits@example.com', password).expect(200);
    await until(async () => (await service.audit.countDocuments({ action: 'signed-in' })) === 1);
    expect(performance.now() - startedAt).toBeLessThan(5000);
    expect(await service.audit.findOne().lean()).toMatchObject({
      from: { ip: '192.0.2.1', userAgent: 'browser of 192.0.2.1' },
      requestId: expect.stringMatching(/./),
    });
  });

  it('is tried again while the database can not be reached, and written once', async () => {
    const written: NewEntry[] = [];
    let isDown = true;
    const { audit, log } = anotherTrail((entries) => {
      if (isDown) return Promise.reject(new mongo.MongoNetworkError('down'));
      written.push(...entries);
      return Promise.resolve();
    });
    audit.note({ action: 'signed-out', user: '0'.repeat(24) }, caller);
    audit.refuse('signed-in', caller);
    await audit.flush();
    audit.refuse('signed-in', caller);
    isDown = false;
    await audit.flush();
    await audit.flush();
    expect(written.map(({ action, count }) => [action, count])).toEqual([
      ['signed-out', undefined],
      ['signed-in', 2],
    ]);
    expect(log).toEqual([expect.objectContaining({ level: 'warn', event: 'audit_not_written', entries: 2 })]);
  });

  it('is at most 10,000 entries, and the log says how many are lost', async () => {
    let written = 0;
    const { audit, log, metrics } = anotherTrail((entries) => {
      written += entries.length;
      return Promise.resolve();
    });
    for (let n = 0; n < 10_050; n += 1) audit.note({ action: 'signed-in' }, caller);
    expect(await valueOf(metrics, 'auth_audit_waiting')).toBe(10_000);
    await audit.flush();
    expect(await valueOf(metrics, 'auth_audit_waiting')).toBe(0);
    expect(await valueOf(metrics, 'auth_audit_lost_total')).toBe(50);
    expect(written).toBe(10_000);
    expect(log).toEqual([expect.objectContaining({ level: 'error', event: 'audit_lost', entries: 50 })]);
  });

  it('loses nothing by an account whose id the service can not use', async () => {
    await begin();
    service.auditTrail.refuse('signed-in', caller, 'an id of another service');
    service.auditTrail.note({ action: 'signed-out', user: '1'.repeat(24), actor: 'x' }, caller);
    const entries = await stored();
    expect(entries.map(({ action, user, actor }) => [action, user?.toHexString(), actor]).sort()).toEqual([
      ['signed-in', undefined, undefined],
      ['signed-in', undefined, undefined],
      ['signed-out', '1'.repeat(24), undefined],
    ]);
  });

  it('is stored once, although a write is repeated', async () => {
    await begin();
    const entries = [1, 2].map(() =>
      auditEntryOf({ at: service.now(), action: 'signed-in', outcome: 'success' }),
    );
    await service.audit.write(entries.slice(0, 1));
    const { audit, log } = anotherTrail((given) => service.audit.write([...entries, ...given]));
    audit.note({ action: 'signed-out' }, caller);
    await audit.flush();
    expect(await service.audit.countDocuments()).toBe(3);
    expect(log).toEqual([]);
  });
});

describe('S49 an entry', () => {
  it('is in the transaction of its change: neither is there without the other', async () => {
    const browser = await service.signedUp('both@example.com');
    await begin();
    jest.spyOn(service.audit, 'write').mockRejectedValueOnce(new Error('no entry'));
    const change = { currentPassword: password, password: 'another good password' };
    const before = await service.users.findOne({ email: 'both@example.com' }).lean();
    await browser.put('/api/users/me/password').send(change).expect(500);
    expect(await service.users.findOne({ email: 'both@example.com' }).lean()).toEqual(before);
    jest.spyOn(service.cleanups, 'add').mockRejectedValueOnce(new Error('no change'));
    await browser.put('/api/users/me/password').send(change).expect(500);
    expect(await stored()).toEqual([]);
  });

  it('is not to be forgotten: a transaction that records nothing is rolled back', async () => {
    const email = 'forgotten@example.com';
    await service.signedUp(email);
    const work = service.cleanup.transact(caller, async ({ tx }) => {
      await service.users.updateOne({ email }, { name: 'Ada' }, { session: tx });
    });
    await expect(work).rejects.toThrow('has recorded nothing in the audit trail');
    expect((await service.users.findOne({ email }).lean().orFail()).name).toBeUndefined();
  });

  it('S47 has no address of a person, no name and no secret', async () => {
    const browser = await service.signedUp('private@example.com');
    await browser.patch('/api/users/me').send({ name: 'Ada Lovelace', version: 0 }).expect(200);
    await signin('private@example.com', password).expect(200);
    await signin('private@example.com', 'a wrong password').expect(400);
    await browser.delete('/api/users/me').send({ password }).expect(204);
    expect(await stored()).toContainEqual(expect.objectContaining({ action: 'deleted', detail: 'closed' }));
    const entries = JSON.stringify(await stored());
    for (const text of ['private@', 'Lovelace', password, 'a wrong password'])
      expect(entries).not.toContain(text);
  });

  it('is removed by MongoDB at the end of its time, which a setting gives', async () => {
    await service.signedUp('retained@example.com');
    const entry = await service.audit
      .findOne({ user: await idOf('retained@example.com') })
      .lean()
      .orFail();
    expect((entry.expiresAt?.getTime() ?? 0) - entry.at.getTime()).toBe(180 * day * 1000);
    const indexes = await service.audit.collection.indexes();
    expect(indexes).toContainEqual(expect.objectContaining({ key: { expiresAt: 1 }, expireAfterSeconds: 0 }));
  });
});

it('S60 what somebody can repeat at no cost shares an entry', async () => {
  const browser = await service.signedUp('repeats@example.com');
  early();
  await begin();
  for (let version = 0; version < 5; version += 1)
    await browser
      .patch('/api/users/me')
      .send({ name: `Ada ${version}`, version })
      .expect(200);
  await Promise.all([1, 2, 3].map(() => browser.delete('/api/users/sessions').send({}).expect(204)));
  const entries = await stored();
  expect(entries.map(({ action, count }) => [action, count])).toEqual([
    ['profile-changed', 5],
    ['others-signed-out', 3],
  ]);
  expect(auditActions['profile-changed']).toBe('minute');
});
