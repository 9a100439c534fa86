import { comparable } from '../../../test/responses';
import { day, password, useService } from '../../../test/service';

const service = useService();
type Browser = ReturnType<typeof service.browser>;

const api = '/api/users';
const change = (browser: Browser, email: string) =>
  browser.put(`${api}/me/email`).send({ email, password }).expect(202);
const confirm = (token: string) =>
  service.api().post(`${api}/email-verification/confirm`).send({ token, password }).expect(200);
const stored = (email: string) => service.users.findOne({ email }).lean().orFail();

interface Pending {
  email: string;
  expiresAt: string;
}

async function pending(browser: Browser): Promise<Pending | null> {
  const { body } = await browser.get(`${api}/me/email`).expect(200);
  expect(Object.keys(body as object)).toEqual(['pending']);
  return body.pending as Pending | null;
}

/** A user who has asked for another address. */
async function changing(name: string) {
  const [email, next] = [`${name}@example.com`, `${name}-next@example.com`];
  const browser = await service.signedUp(email);
  // From here on the session is in memory.
  expect(await pending(browser)).toBeNull();
  await change(browser, next);
  expect(await pending(browser)).toMatchObject({ email: next });
  return { email, next, browser };
}

async function signedIn(email: string, secret = password): Promise<Browser> {
  const browser = service.browser();
  await browser.post(`${api}/signin`).send({ email, password: secret }).expect(200);
  return browser;
}

describe('GET /api/users/me/email', () => {
  it('answers the address that waits, and until when: a day after it was asked for', async () => {
    const asked = service.now().getTime();
    const { browser, next } = await changing('waiting');
    const found = await pending(browser);
    expect(found).toEqual({ email: next, expiresAt: expect.any(String) });
    const expiresAt = Date.parse(found?.expiresAt ?? '');
    expect(expiresAt).toBeGreaterThanOrEqual(asked + day * 1000);
    expect(expiresAt).toBeLessThan(asked + day * 1000 + 60_000);
    await service.mailSettled();
    const link = await service.emailLinks.findOne({ email: next }).lean();
    expect(Math.abs((link?.expiresAt.getTime() ?? 0) - expiresAt)).toBeLessThan(60_000);
  });

  it('answers the same for an address that another account has', async () => {
    await service.signedUp('holder@example.com');
    const [one, other] = [await service.signedUp('a@example.com'), await service.signedUp('b@example.com')];
    await change(one, 'holder@example.com');
    await change(other, 'nobody@example.com');
    await service.mailSettled();
    expect(
      await service.emailLinks.exists({ email: 'holder@example.com', purpose: 'email-change' }),
    ).toBeNull();
    const [taken, free] = await Promise.all(
      [one, other].map(async (browser) => comparable(await browser.get(`${api}/me/email`))),
    );
    const without = (answer: typeof taken) => ({
      ...answer,
      body: { pending: { ...(answer?.body as { pending: Pending }).pending, email: '', expiresAt: '' } },
      others: { ...answer?.others, etag: '', 'content-length': '' },
    });
    expect(without(taken)).toEqual(without(free));
    expect(taken?.body).toEqual({ pending: { email: 'holder@example.com', expiresAt: expect.any(String) } });
    // Whoever has the address, or wants it too, sees nothing of it.
    expect(await pending(await signedIn('holder@example.com'))).toBeNull();
  });

  it('is all that the user learns: the activity does not say whether a mail was sent either', async () => {
    await service.signedUp('known@example.com');
    const activityAfter = async (browser: Browser, next: string) => {
      await change(browser, next);
      await service.mailSettled();
      await service.auditTrail.flush();
      const { body } = await browser.get(`${api}/me/activity`).expect(200);
      const events = body.events as { action: string; detail?: string }[];
      return events.map(({ action, detail }) => `${action} ${detail ?? ''}`).sort();
    };
    const taken = await activityAfter(await service.signedUp('c@example.com'), 'known@example.com');
    const free = await activityAfter(await service.signedUp('d@example.com'), 'unknown@example.com');
    expect(taken).toEqual(free);
    expect(free).toContain('email-change-requested ');
    // The audit trail of the admins has it.
    const { _id } = await stored('d@example.com');
    expect(
      await service.audit.exists({ user: _id, action: 'link-sent', detail: 'email-change' }),
    ).not.toBeNull();
  });

  it('names the last one of several', async () => {
    const { browser } = await changing('wavering');
    await change(browser, 'wavering-again@example.com');
    expect(await pending(browser)).toMatchObject({ email: 'wavering-again@example.com' });
  });

  it('says nothing of the present address, which is no change', async () => {
    const browser = await service.signedUp('same@example.com');
    await browser.put(`${api}/me/email`).send({ email: 'same@example.com', password }).expect(204);
    expect(await pending(browser)).toBeNull();
  });

  it('counts the day from the last time that it was asked for, which keeps the link before that one', async () => {
    const { browser, email, next } = await changing('again');
    const first = await service.tokenTo(next, 'Confirm');
    const [before, { version, updatedAt }] = [await pending(browser), await stored(email)];
    service.advance(day / 2);
    const later = await signedIn(email);
    await change(later, next);
    expect(await stored(email)).toMatchObject({ version, updatedAt });
    const moved = Date.parse((await pending(later))?.expiresAt ?? '') - Date.parse(before?.expiresAt ?? '');
    expect(moved).toBeGreaterThanOrEqual((day / 2) * 1000);
    await confirm(first);
    expect(await pending(later)).toBeNull();
  });

  it('forgets it once the day is over, and names it again when it is asked for again', async () => {
    const { browser, next } = await changing('expired');
    service.advance(day);
    const renewed = await signedIn('expired@example.com');
    expect(await pending(renewed)).toBeNull();
    await change(renewed, next);
    expect(await pending(renewed)).toMatchObject({ email: next });
    await browser.get(`${api}/currentuser`).expect(200);
    expect(await pending(browser)).toMatchObject({ email: next });
  });

  it('forgets it at once when it is confirmed elsewhere, or declined', async () => {
    const confirmed = await changing('confirmed');
    await confirm(await service.tokenTo(confirmed.next, 'Confirm'));
    expect(await pending(confirmed.browser)).toBeNull();
    const declined = await changing('declined');
    const token = await service.tokenTo(declined.next, 'Confirm');
    await service.api().post(`${api}/email-verification/decline`).send({ token }).expect(204);
    expect(await pending(declined.browser)).toBeNull();
    for (const email of [confirmed.next, declined.email]) {
      expect(await stored(email)).not.toHaveProperty('pendingEmail');
      expect(await stored(email)).not.toHaveProperty('pendingEmailAt');
    }
  });

  it('forgets it when the password is changed or reset', async () => {
    const { browser, email } = await changing('secured');
    const next = 'another good password';
    await browser.put(`${api}/me/password`).send({ currentPassword: password, password: next }).expect(204);
    expect(await pending(browser)).toBeNull();
    await browser.put(`${api}/me/email`).send({ email: 'elsewhere@example.com', password: next }).expect(202);
    await service.api().post(`${api}/password-reset`).send({ email }).expect(202);
    const token = await service.tokenTo(email, 'Reset');
    await service.api().post(`${api}/password-reset/confirm`).send({ token, password }).expect(204);
    expect(await pending(await signedIn(email))).toBeNull();
  });

  it('forgets it when it is undone from the old address', async () => {
    const { email } = await changing('undone');
    await confirm(await service.tokenTo(email, 'being changed'));
    const user = await stored(email);
    expect([user.pendingEmail, user.pendingEmailAt]).toEqual([undefined, undefined]);
  });

  it('forgets it when the account was disabled, which ends its link', async () => {
    const { email } = await changing('banned');
    const admin = await service.signedUpAdmin('admin@example.com');
    const { _id } = await stored(email);
    for (const disabled of [true, false]) {
      const { version } = await stored(email);
      await admin.patch(`${api}/${_id.toHexString()}`).send({ disabled, version }).expect(200);
    }
    expect(await pending(await signedIn(email))).toBeNull();
  });

  it('does not know of what the previous version wrote, which does not say when', async () => {
    const { browser, email } = await changing('older');
    await service.users.updateOne({ email }, { $unset: { pendingEmailAt: 1 } });
    expect(await pending(browser)).toBeNull();
  });

  it('S60 reads no document while the session is in memory', async () => {
    const { browser } = await changing('cheap');
    const { db } = service.connection;
    await pending(browser);
    await db?.command({ profile: 2 });
    await pending(browser);
    await db?.command({ profile: 0 });
    const reads = await db
      ?.collection('system.profile')
      .find({
        ns: { $in: ['users', 'sessions', 'actiontokens'].map((name) => `${db.databaseName}.${name}`) },
      })
      .toArray();
    expect(reads).toEqual([]);
  });
});
