import { randomBytes } from 'node:crypto';
import { auditActions } from '../../../models/audit-actions';
import { auditEntryOf, type AuditFacts } from '../../../models/audit-entry';
import { operator } from '../../../services/caller';
import { hour, password, useService } from '../../../test/service';

const service = useService({ mailing: 'off' });
type Browser = ReturnType<typeof service.browser>;

const newId = (): string => randomBytes(12).toString('hex');
const idOf = async (email: string): Promise<string> =>
  (await service.users.findOne({ email }).lean().orFail())._id.toHexString();

let admin: Browser;
let adminId: string;
beforeAll(async () => {
  admin = await service.signedUpAdmin('admin@example.com');
  adminId = await idOf('admin@example.com');
});

interface Event {
  id: string;
  at: string;
  action: string;
  outcome: string;
  [field: string]: unknown;
}

async function listed(browser: Browser, path: string) {
  await service.auditTrail.flush();
  const { body } = await browser.get(`/api/users${path}`).expect(200);
  return body as { events: Event[]; nextCursor: string | null };
}

/** Every page of a list from a cursor on. */
async function pages(browser: Browser, path: string, from: string): Promise<Event[][]> {
  const found: Event[][] = [];
  for (let cursor: string | null = from; cursor !== null;) {
    const { events, nextCursor } = await listed(browser, `${path}&cursor=${cursor}`);
    found.push(events);
    cursor = nextCursor;
  }
  return found;
}

const facts = (more: Partial<AuditFacts> = {}): AuditFacts => ({
  at: service.now(),
  action: 'signed-in',
  outcome: 'success',
  ...more,
});

describe('GET /api/users/me/activity', () => {
  it('shows what the user did, with address and browser, the newest first', async () => {
    const browser = await service.signedUp('ada@example.com');
    service.advance(1);
    await browser.patch('/api/users/me').set('User-Agent', 'a browser').send({ name: 'Ada', version: 0 });
    service.advance(1);
    const change = { currentPassword: password, password: 'another good password' };
    await browser.put('/api/users/me/password').set('X-Forwarded-For', '192.0.2.7').send(change).expect(204);
    const { events, nextCursor } = await listed(browser, '/me/activity');
    expect(nextCursor).toBeNull();
    const mine = { id: expect.any(String), at: expect.any(String), outcome: 'success', by: 'you' };
    expect(events).toEqual([
      { ...mine, action: 'password-changed', ip: '192.0.2.7', userAgent: '' },
      { ...mine, action: 'profile-changed', ip: '127.0.0.1', userAgent: 'a browser', count: 1 },
      { ...mine, action: 'signed-up', ip: '127.0.0.1', userAgent: '' },
    ]);
  });

  it('shows that an admin or an operator did something, and of guesses how many and when: no address', async () => {
    const browser = await service.signedUp('bob@example.com');
    const user = await idOf('bob@example.com');
    await service.audit.deleteMany({ user });
    await admin.patch(`/api/users/${user}`).send({ role: 'user', version: 0 }).expect(200);
    service.auditTrail.note({ action: 'looked-up', user }, operator());
    const wrong = { email: 'bob@example.com', password: 'a wrong password' };
    for (let n = 0; n < 3; n += 1) await service.api().post('/api/users/signin').send(wrong).expect(400);
    const { events } = await listed(browser, '/me/activity');
    const shown = events.map((event): Record<string, unknown> => ({
      ...event,
      id: undefined,
      at: undefined,
    }));
    expect(shown.filter(({ outcome }) => outcome === 'success')).toEqual(
      expect.arrayContaining([
        { action: 'role-changed', outcome: 'success', detail: 'user', by: 'admin' },
        { action: 'looked-up', outcome: 'success', by: 'operator' },
      ]),
    );
    const guesses = shown.filter(({ outcome }) => outcome === 'refused');
    expect(guesses.reduce((sum, { count }) => sum + Number(count), 0)).toBe(3);
    for (const guess of guesses)
      expect(guess).toEqual({ action: 'signed-in', outcome: 'refused', count: expect.any(Number) });
  });

  it('shows nothing of others', async () => {
    const browser = await service.signedUp('carol@example.com');
    const { events } = await listed(browser, '/me/activity?user=' + adminId);
    expect(events.map(({ action }) => action)).toEqual(['signed-up']);
  });
});

describe('GET /api/users/audit', () => {
  it('lists every field of an entry, with the admin who did it', async () => {
    await service.signedUp('dave@example.com');
    const user = await idOf('dave@example.com');
    await admin.delete(`/api/users/${user}/sessions`).set('X-Request-Id', 'request-1').send({}).expect(204);
    const { events } = await listed(admin, `/audit?user=${user}&action=signed-out-by-admin`);
    expect(events).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f]{24}$/),
        at: expect.any(String),
        action: 'signed-out-by-admin',
        outcome: 'success',
        user: user,
        actor: adminId,
        ip: '127.0.0.1',
        userAgent: '',
        requestId: 'request-1',
      },
    ]);
  });

  it('finds by user, actor, action, outcome and time, and by all of them together', async () => {
    const [user, actor] = [newId(), newId()];
    const at = new Date('2031-05-01T12:00:00.500Z');
    await service.audit.write([
      auditEntryOf(facts({ at, user, actor, action: 'disabled' })),
      auditEntryOf(facts({ at, user, action: 'signed-in', outcome: 'refused' })),
      auditEntryOf(facts({ at: new Date(at.getTime() + 1), user, actor: 'operator', action: 'looked-up' })),
    ]);
    const time = at.toISOString();
    const actionsOf = async (query: string) =>
      (await listed(admin, `/audit?from=2031-05-01&to=2031-05-02&${query}`)).events.map(
        ({ action }) => action,
      );
    expect(await actionsOf('')).toHaveLength(3);
    expect((await actionsOf(`user=${user}`))[0]).toBe('looked-up');
    expect(await actionsOf('actor=operator')).toEqual(['looked-up']);
    expect(await actionsOf(`actor=${actor}`)).toEqual(['disabled']);
    expect(await actionsOf('action=signed-in')).toEqual(['signed-in']);
    expect(await actionsOf('outcome=refused')).toEqual(['signed-in']);
    const all = `user=${user}&actor=${actor}&action=disabled&outcome=success`;
    expect(await actionsOf(all)).toEqual(['disabled']);
    // The first moment is in it, the last one is not.
    expect((await listed(admin, `/audit?from=${time}&to=2031-05-01T12:00:00.501Z`)).events).toHaveLength(2);
    expect(
      (await listed(admin, `/audit?from=2031-05-01T14:00:00.501%2B02:00&to=2031-05-02`)).events,
    ).toHaveLength(1);
    expect((await listed(admin, `/audit?from=2031-05-02&to=2031-05-01`)).events).toEqual([]);
  });

  it.each([
    'user=1',
    'user=operator',
    'actor=nobody',
    'action=read',
    'outcome=maybe',
    'from=yesterday',
    'from=2026-13-01',
    'from=2026-02-31',
    'to=2026-06-31T10:00:00Z',
    'to=2026-01-01T24:00:00Z',
    'to=2026-01-01T12:00',
    'limit=0',
    'limit=101',
    'cursor=short',
  ])('answers 400 to %s, naming the parameter', async (query) => {
    const { body } = await admin.get(`/api/users/audit?${query}`).expect(400);
    const [field = ''] = query.split('=');
    expect(body.errors).toEqual([{ message: expect.any(String), code: `${field}_invalid`, field }]);
  });

  it('pages through entries of one millisecond without losing or repeating one, while others are added', async () => {
    const at = new Date('2032-01-01T00:00:00Z');
    const equal = Array.from({ length: 25 }, () => auditEntryOf(facts({ at })));
    await service.audit.write(equal);
    const path = '/audit?from=2032-01-01&to=2032-01-02&limit=10';
    const first = await listed(admin, path);
    await service.audit.write([auditEntryOf(facts({ at: new Date(at.getTime() + hour * 1000) }))]);
    const rest = await pages(admin, path, first.nextCursor ?? '');
    const seen = [first.events, ...rest].map((events) => events.map(({ id }) => id));
    expect(seen.map(({ length }) => length)).toEqual([10, 10, 5]);
    expect(seen.flat().sort()).toEqual(equal.map(({ _id }) => _id.toHexString()).sort());
    expect((await listed(admin, path)).events[0]?.at).toBe('2032-01-01T01:00:00.000Z');
  });
});

describe('S60 a page of 100,000 entries', () => {
  const [user, actor] = [newId(), newId()];
  const actions = ['signed-in', 'signed-out', 'password-changed', 'disabled'] as const;
  beforeAll(async () => {
    for (let part = 0; part < 10; part += 1)
      await service.audit.write(
        Array.from({ length: 10_000 }, (_, n) =>
          auditEntryOf({
            at: new Date(Date.parse('2030-01-01') + (part * 10_000 + n) * 1000),
            action: actions[n % 4] ?? 'signed-in',
            outcome: n % 50 === 0 ? 'refused' : 'success',
            ...(n % 3 === 0 && { user }),
            ...(n % 5 === 0 && { actor }),
          }),
        ),
      );
  }, 120_000);

  /** How many keys and documents MongoDB read for a page. */
  async function examined(query: string) {
    const { db } = service.connection;
    await db?.command({ profile: 2 });
    const { events } = await listed(admin, `/audit?from=2030-01-01&to=2030-02-01&limit=50&${query}`);
    await db?.command({ profile: 0 });
    const ns = `${service.connection.name}.${service.audit.collection.name}`;
    const queries = await db
      ?.collection('system.profile')
      .find({ ns, op: 'query' })
      .sort({ ts: -1 })
      .toArray();
    return {
      found: events.length,
      keys: Number(queries?.[0]?.['keysExamined']),
      documents: Number(queries?.[0]?.['docsExamined']),
    };
  }

  /** Where a page begins that is in the middle of all. */
  const middle = Buffer.from(
    `${(Date.parse('2030-01-01') + 50_000_000).toString(16).padStart(12, '0')}${'0'.repeat(12)}`,
    'hex',
  ).toString('base64url');

  it.each([
    ['all', ''],
    ['a user', `user=${user}`],
    ['an actor', `actor=${actor}`],
    ['an action', 'action=password-changed'],
    ['an outcome', 'outcome=refused'],
    ['an action and an outcome', 'action=signed-in&outcome=refused'],
  ])('of %s reads few keys and documents, wherever it is', async (_name, query) => {
    for (const cursor of ['', middle]) {
      const { found, keys, documents } = await examined(`${query}&cursor=${cursor}`);
      expect(found).toBe(50);
      expect(documents).toBeLessThanOrEqual(51);
      // One more for each pair of an action and an outcome.
      expect(keys).toBeLessThan(51 + 3 * Object.keys(auditActions).length);
    }
  });

  it('of a user and an action reads no document but those of the page', async () => {
    const { found, documents } = await examined(`user=${user}&action=disabled&outcome=refused`);
    expect([found, documents]).toEqual([0, 0]);
  });
});
