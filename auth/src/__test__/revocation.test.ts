import { Types } from 'mongoose';
import { accountEvents } from '../models/account-events';
import type { MailKind } from '../models/mail';
import { operator } from '../services/caller';
import { Outbox } from '../services/mail/outbox';
import { deviceFrom, jwtFrom, sessionCookieOf } from '../test/cookies';
import { password, useService } from '../test/service';

const service = useService();
type Browser = ReturnType<typeof service.browser>;

/**
 * What each event ends, by hand: the table of the code must not check itself. The columns: two sessions, the `gen` of new
 * JWTs, whether the other browser is known, links in mails that were sent before, mails that were queued before. A password
 * reset verifies the address, so the verification mail is not sent any more. A notice of a changed password is not sent to
 * an earlier address.
 */
const expected = `
                       other acting gen   device verify reset change undo m:verify m:reset m:change m:undo m:notice
signed-out             -     ends   -     -      -      -     -      -    -        -       -        -      -
end-one-session        ends  -      -     -      -      -     -      -    -        -       -        -      -
others-signed-out      ends  -      -     -      -      -     -      -    -        -       -        -      -
signed-out-by-admin    ends  ends   rises -      -      -     -      -    -        -       -        -      -
password-changed       ends  -      rises -      -      ends  ends   -    -        ends    ends     -      -
password-reset         ends  ends   rises ends   -      ends  ends   -    ends     ends    ends     -      -
email-change-requested -     -      -     -      -      -     ends   -    -        -       ends     -      -
email-changed          -     -      -     -      ends   ends  ends   -    ends     ends    ends     -      ends
email-change-declined  -     -      -     -      -      -     ends   -    -        -       ends     -      -
email-change-undone    ends  ends   rises ends   ends   ends  ends   ends ends     ends    ends     ends   -
verified               -     -      -     -      ends   -     -      -    ends     -       -        -      -
disabled               ends  ends   rises -      ends   ends  ends   -    ends     ends    ends     -      -
enabled                -     -      -     -      -      -     -      -    -        -       -        -      -
role-changed           -     -      -     -      -      -     -      -    -        -       -        -      -
closed                 ends  ends   gone  gone   ends   ends  ends   -    ends     ends    ends     -      ends
deleted                ends  ends   gone  gone   ends   ends  ends   ends ends     ends    ends     ends   ends
`;
const [columns = [], ...rows] = expected
  .trim()
  .split('\n')
  .map((line) => line.trim().split(/ +/));

const api = '/api/users';
let admin: Browser;
const invalid = { errors: [{ message: 'Invalid or expired token', code: 'invalid_token', field: 'token' }] };
const requestChange = ({ acting }: Account, email: string) =>
  acting.put(`${api}/me/email`).send({ email, password }).expect(202);
const confirm = (token: string) =>
  service.api().post(`${api}/email-verification/confirm`).send({ token, password });
const decline = (token: string) => service.api().post(`${api}/email-verification/decline`).send({ token });
const reset = (token: string) =>
  service.api().post(`${api}/password-reset/confirm`).send({ token, password: 'another password' });

/** An account with two sessions. */
interface Account {
  email: string;
  newEmail: string;
  id: string;
  acting: Browser;
  /** The JWTs of the sessions as they were before the event. */
  jwts: Record<'acting' | 'other', string>;
  /** What the cookie of the other browser holds. */
  device: string;
}

async function open(name: string): Promise<Account> {
  const email = `${name}@example.com`;
  const [acting, other] = [service.browser(), service.browser()];
  const signedUp = await acting.post(`${api}/signup`).send({ email, password }).expect(201);
  const signedIn = await other.post(`${api}/signin`).send({ email, password }).expect(200);
  const jwts = { acting: jwtFrom(signedUp) ?? '', other: jwtFrom(signedIn) ?? '' };
  const id = service.jwts.verify(jwts.acting)?.id ?? '';
  return { email, newEmail: `new-${email}`, id, acting, jwts, device: deviceFrom(signedIn) ?? '' };
}

async function patch({ id }: Account, change: object): Promise<void> {
  const { body } = await admin.get(`${api}/${id}`).expect(200);
  const { version } = body as { version: number };
  const changed = { ...change, version };
  await admin.patch(`${api}/${id}`).send(changed).expect(200);
}

/** Each event, and the mail with the link that it uses. */
const events: Record<string, { link?: LinkName; happen: (account: Account, token: string) => unknown }> = {
  'signed-out': { happen: ({ acting }) => acting.post(`${api}/signout`).expect(200) },
  'end-one-session': {
    happen: ({ acting, jwts }) =>
      acting.delete(`${api}/sessions/${service.jwts.verify(jwts.other)?.sid ?? ''}`).expect(204),
  },
  'others-signed-out': { happen: ({ acting }) => acting.delete(`${api}/sessions`).expect(204) },
  'signed-out-by-admin': { happen: ({ id }) => admin.delete(`${api}/${id}/sessions`).expect(204) },
  'password-changed': {
    happen: ({ acting }) =>
      acting
        .put(`${api}/me/password`)
        .send({ currentPassword: password, password: 'battery staple' })
        .expect(204),
  },
  'password-reset': { link: 'reset', happen: (_, token) => reset(token).expect(204) },
  'email-change-requested': { happen: (account) => requestChange(account, `other-${account.email}`) },
  'email-changed': { link: 'change', happen: (_, token) => confirm(token).expect(200) },
  'email-change-undone': { link: 'undo', happen: (_, token) => confirm(token).expect(200) },
  'email-change-declined': { link: 'change', happen: (_, token) => decline(token).expect(204) },
  verified: { link: 'verify', happen: (_, token) => confirm(token).expect(200) },
  disabled: {
    happen: async (account) => {
      await patch(account, { disabled: true });
      // What has ended must not come back. Meanwhile no link works anyway.
      await patch(account, { disabled: false });
    },
  },
  enabled: { happen: (account) => patch(account, { disabled: false }) },
  'role-changed': { happen: (account) => patch(account, { role: 'admin' }) },
  closed: { happen: ({ acting }) => acting.delete(`${api}/me`).send({ password }).expect(204) },
  deleted: { happen: ({ id }) => admin.delete(`${api}/${id}`).expect(204) },
};

/** Requests each mail. The last one has no endpoint that leaves everything else as it is. */
const requests = {
  verify: ({ acting }: Account) => acting.post(`${api}/email-verification`).expect(202),
  reset: ({ email }: Account) => service.api().post(`${api}/password-reset`).send({ email }).expect(202),
  change: (account: Account) => requestChange(account, account.newEmail),
  undo: (account: Account) => requestChange(account, account.newEmail),
  notice: (account: Account) => queue('password-changed', account),
};

async function queue(kind: MailKind, { id, email }: Account): Promise<void> {
  const user = await service.users.findById(id).lean().orFail();
  await new Outbox({ ...service, coolDownSeconds: 0 }).add({ kind, user, to: email });
}

const links = {
  verify: 'verification',
  reset: 'password-reset',
  change: 'email-change',
  undo: 'email-change-notice',
} as const;
const mails = { ...links, notice: 'password-changed' } as const;
type LinkName = keyof typeof links;
const titles = { verify: 'Verify', reset: 'Reset', change: 'Confirm', undo: 'being changed' };

const recipient = (kind: MailKind, { email, newEmail }: Account) =>
  kind === 'email-change' ? newEmail : email;
const tokenOf = (name: LinkName, account: Account) =>
  service.tokenTo(recipient(links[name], account), titles[name]);

async function queuedMail(kind: MailKind, account: Account): Promise<string> {
  const pending = { kind, to: recipient(kind, account), status: 'pending' as const };
  return (await service.mails.findOne(pending).lean().orFail())._id.toHexString();
}

/** Calls for each entry, one after another. */
async function each<T, R>(entries: Record<string, T>, call: (value: T, name: string) => Promise<R>) {
  const results: Record<string, R> = {};
  for (const [name, value] of Object.entries(entries)) results[name] = await call(value, name);
  return results;
}

interface Stored {
  in: string;
  document: { _id: Types.ObjectId | string; user?: Types.ObjectId; epoch?: number; version?: number };
}
const stored = (name: string) => service.connection.collection<Stored['document']>(name);

/** Everything that is stored of an account. */
async function read({ id }: Account): Promise<Stored[]> {
  const _id = new Types.ObjectId(id);
  const own = {
    users: { _id },
    closedaccounts: { _id },
    sessions: { user: _id },
    devices: { user: _id },
    actiontokens: { user: _id },
    mails: { user: _id },
  };
  const found = Object.entries(own).map(async ([name, filter]) =>
    (await stored(name).find(filter).toArray()).map((document) => ({ in: name, document })),
  );
  return (await Promise.all(found)).flat();
}

const write = (documents: Stored[]) =>
  Promise.all(
    documents.map(({ in: name, document: { _id, ...fields } }) =>
      stored(name).replaceOne({ _id }, fields, { upsert: true }),
    ),
  );

/** An account that an event has met. */
interface Tried {
  account: Account;
  /** Those of the links that it had before. */
  tokens: Record<string, string>;
  /** The ids of the mails that waited. */
  queued: Record<string, string>;
}
interface Subject extends Tried {
  /** What the event and the cleanup have left. */
  left: Stored[];
  /** What the cleanup has deleted. */
  deleted: Stored[];
}
const subjects = new Map<string, Subject>();
function subjectOf(event: string): Subject {
  const subject = subjects.get(event);
  if (!subject) throw new Error(`no such event: ${event}`);
  return subject;
}

// All accounts go through their events together, so that the mail worker stops and starts once.
beforeAll(async () => {
  admin = await service.signedUpAdmin('admin@example.com');
  const all = <T, R>(list: T[], call: (value: T) => Promise<R>) => Promise.all(list.map(call));
  const opened = await all(Object.entries(events), async ([event, { link, happen }]) => {
    const account = await open(event);
    // The sign-up has asked for a link to verify already.
    if (link && link !== 'verify') await requests[link](account);
    const token = link ? await tokenOf(link, account) : '';
    if (link === 'verify') await requests.verify(account);
    // The sign-up has sent a link to verify, and a change of address brings two mails.
    for (const kind of ['reset', 'change'] as const) await requests[kind](account);
    const tokens = await each(links, (_, name) => tokenOf(name as LinkName, account));
    return { event, account, token, happen, tokens };
  });
  await service.mailSettled();
  await service.worker?.stop();
  const happened = await all(opened, async ({ event, account, token, happen, tokens }) => {
    for (const kind of ['verify', 'reset', 'change', 'notice'] as const) await requests[kind](account);
    const queued = await each(mails, (kind) => queuedMail(kind, account));
    const before = await read(account);
    await happen(account, token);
    return { event, account, tokens, queued, before };
  });
  service.worker?.start();
  await service.mailSettled();
  await all(happened, async ({ event, before, ...rest }) => {
    const left = await read(rest.account);
    const ids = new Set(left.map(({ document }) => String(document._id)));
    const deleted = before.filter(
      ({ in: name, document }) => name !== 'users' && !ids.has(String(document._id)),
    );
    subjects.set(event, { ...rest, left, deleted });
    // Once more the mails, as if the cleanup had not come to them.
    await write(deleted.filter(({ in: name }) => name === 'mails'));
  });
  await service.mailSettled();
});

type Look = (subject: Tried) => Promise<string>;

const sessionLook =
  (name: 'acting' | 'other'): Look =>
  async ({ account: { jwts } }) => {
    const cookie = sessionCookieOf({ jwt: jwts[name] });
    const { body } = await service.api().get(`${api}/currentuser`).set('Cookie', cookie).expect(200);
    return (body as { currentUser: unknown }).currentUser === null ? 'ends' : '-';
  };

/** Signs in from the other browser, with a password that is known; undefined where there is no such account. */
async function signInAgain({ account: { id, device } }: Tried) {
  const hash = await service.passwords.toHash(password, operator());
  const user = await service.users.findOneAndUpdate({ _id: id }, { password: hash }).lean();
  const asked = service.api().post(`${api}/signin`).set('Cookie', `device=${device}`);
  return user ? await asked.send({ email: user.email, password }).expect(200) : undefined;
}

async function deviceLook(tried: Tried): Promise<string> {
  const signedIn = await signInAgain(tried);
  if (!signedIn) return 'gone';
  const { sid = '' } = service.jwts.verify(jwtFrom(signedIn) ?? '') ?? {};
  return (await service.sessions.findById(sid).lean().orFail()).knownDevice ? '-' : 'ends';
}

async function genLook(tried: Tried): Promise<string> {
  const signedIn = await signInAgain(tried);
  if (!signedIn) return 'gone';
  const [before = NaN, after = NaN] = [tried.account.jwts.acting, jwtFrom(signedIn) ?? ''].map(
    (jwt) => service.jwts.verify(jwt)?.gen,
  );
  return after === before ? '-' : after > before ? 'rises' : 'falls';
}

async function linkState(kind: MailKind, token = ''): Promise<string> {
  const { status, body } = await (kind.startsWith('password') ? reset : confirm)(token);
  if (status < 300) return '-';
  expect({ status, body: body as unknown }).toEqual({ status: 400, body: invalid });
  return 'ends';
}

const mailLook =
  (kind: MailKind, name: string): Look =>
  async ({ account, queued }) => {
    // A mail that has ended is dropped, and its document deleted.
    if (!(await service.mails.exists({ _id: queued[name] ?? '', status: 'sent' }))) return 'ends';
    if (kind === 'password-changed') return '-';
    const title = titles[name as LinkName];
    const sent = service.inbox.mails.filter(
      ({ to, subject }) => to === recipient(kind, account) && subject.includes(title),
    );
    const states = await each(Object.fromEntries(sent.entries()), ({ token }) => linkState(kind, token));
    return Object.values(states).includes('-') ? '-' : 'a mail whose link has ended';
  };

const linkLooks: Record<string, Look> = Object.fromEntries(
  Object.entries(links).map(([name, kind]) => [name, ({ tokens }) => linkState(kind, tokens[name])]),
);
const looks: Record<string, Look> = {
  other: sessionLook('other'),
  acting: sessionLook('acting'),
  gen: genLook,
  device: deviceLook,
  ...linkLooks,
  ...Object.fromEntries(Object.entries(mails).map(([name, kind]) => [`m:${name}`, mailLook(kind, name)])),
};

/**
 * Looks at everything, each time at an account that is as the event has left it, but for a password that is known. A link
 * that an earlier look has used is as new.
 */
async function observe(subject: Tried, state: Stored[], which = looks) {
  const hash = await service.passwords.toHash(password, operator());
  const _id = new Types.ObjectId(subject.account.id);
  return each(which, async (look) => {
    await Promise.all(['users', 'closedaccounts'].map((name) => stored(name).deleteOne({ _id })));
    await write(state.filter(({ in: name }) => name !== 'mails'));
    await service.users.updateOne({ _id }, { password: hash }, { timestamps: false });
    await service.usedLinks.deleteMany({ user: _id });
    return look(subject);
  });
}

// These mark a session, which MongoDB itself deletes within a minute, and not the cleanup.
const marking = ['signed-out', 'end-one-session'];

// In end-restored.test.ts, close-account.test.ts and key-commands.test.ts: before these events, an account has neither sessions nor most links.
const triedElsewhere = ['restored', 'brought-back', 'keys-revoked'];

describe('S64 of what there was before', () => {
  it('the table has each event that can be caused over HTTP', () => {
    const inCode = Object.keys(accountEvents).filter((event) => !triedElsewhere.includes(event));
    expect(rows.map(([event]) => event).sort()).toEqual([...inCode, 'end-one-session'].sort());
    expect([...subjects.keys()].sort()).toEqual([...inCode, 'end-one-session'].sort());
  });

  it.each(rows)('%s ends what the table says, with and without the cleanup', async (event = '', ...row) => {
    const { left, deleted, ...subject } = subjectOf(event);
    const seen = await observe(subject, left);
    expect(seen).toEqual(Object.fromEntries(columns.map((column, i) => [column, row[i]])));
    if (marking.includes(event)) return;
    const ended = Object.entries(looks).filter(([name]) => seen[name] === 'ends');
    const uncleaned = await observe(subject, [...left, ...deleted], Object.fromEntries(ended));
    expect(uncleaned).toEqual(Object.fromEntries(ended.map(([name]) => [name, 'ends'])));
  });

  it.each(rows)(
    '%s ends the same links where the previous version has written them',
    async (event = '', ...row) => {
      const { left, deleted, ...subject } = subjectOf(event);
      const unmarked = [...left, ...deleted].map(({ in: name, document }) => {
        const { epoch, version, ...others } = document;
        if (name !== 'actiontokens') return { in: name, document };
        expect({ epoch, version }).toMatchObject({ epoch: expect.any(Number) });
        return { in: name, document: others };
      });
      const wanted = Object.keys(links).map((name) => [name, row[columns.indexOf(name)]]);
      expect(await observe(subject, unmarked, linkLooks)).toEqual(Object.fromEntries(wanted));
    },
  );

  it('a change of password gives the acting browser a JWT of the new generation', async () => {
    const { acting, jwts } = await open('kept');
    const change = { currentPassword: password, password: 'battery staple' };
    const jwt = jwtFrom(await acting.put(`${api}/me/password`).send(change).expect(204)) ?? '';
    const [before, after] = [jwts.acting, jwt].map((one) => service.jwts.verify(one));
    expect(after).toMatchObject({ sid: before?.sid, gen: (before?.gen ?? NaN) + 1 });
    const asked = service.api().get(`${api}/currentuser`).set('Cookie', sessionCookieOf({ jwt }));
    expect((await asked.expect(200)).body).toMatchObject({ currentUser: { email: 'kept@example.com' } });
  });
});
