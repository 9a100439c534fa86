import { trusted } from 'mongoose';
import { endpoints } from '../../../test/endpoints';
import { password, useService } from '../../../test/service';

const service = useService();
type Browser = ReturnType<typeof service.browser>;

interface Person {
  browser: Browser;
  id: string;
  email: string;
}

let admin: Person;
let count = 0;
beforeAll(async () => {
  admin = await signedUp('admin@example.com');
  await service.users.updateOne({ email: admin.email }, { role: 'admin' });
});

async function signedUp(email: string): Promise<Person> {
  const browser = await service.signedUp(email);
  return { browser, email, id: String((await service.users.findOne({ email }).lean().orFail())._id) };
}

const wrong = 'not the right password';
const next = 'another good password';
const api = '/api/users';
const token = 'a'.repeat(43);
const confirm = `${api}/email-verification/confirm`;
const decline = `${api}/email-verification/decline`;
const nobody = '0123456789abcdef01234567';

/** Forgets the entries of what came before. */
async function begin(): Promise<void> {
  await service.auditTrail.flush();
  await service.audit.deleteMany();
}

/** The entries since `begin`, without `link-sent`: the mail worker leaves those at a time of its own. */
async function entriesSince(filter: { user?: string } = {}) {
  await service.auditTrail.flush();
  return service.audit.find({ ...filter, action: trusted({ $ne: 'link-sent' }) }).lean();
}

type Act = (me: Person) => Promise<unknown>;

const tokenOf = async (me: Person, subject = 'Verify'): Promise<string> => {
  const found = await service.tokenTo(me.email, subject);
  await begin();
  return found;
};

const nothing: string[] = [];
// What the trail has of a wrong password: once for the network, once for the account.
const guess = (action: string) => [`${action} refused: nobody, nobody`, `${action} refused: me, me`];

/** What each endpoint leaves in the trail: "action outcome: who, whom". */
const table: [endpoint: string, outcome: 'success' | 'refused', entries: string[], act: Act][] = [
  [
    'post /signup',
    'success',
    ['signed-up success: other, other'],
    () =>
      service
        .api()
        .post(`${api}/signup`)
        .send({ email: `x${count}@example.com`, password })
        .expect(201),
  ],
  [
    'post /signup',
    'refused',
    ['signed-up refused: nobody, nobody'],
    ({ email }) => service.api().post(`${api}/signup`).send({ email, password }).expect(400),
  ],
  [
    'post /signin',
    'success',
    ['signed-in success: me, me'],
    ({ email }) => service.api().post(`${api}/signin`).send({ email, password }).expect(200),
  ],
  [
    'post /signin',
    'refused',
    ['signed-in refused: nobody, nobody', 'signed-in refused: nobody, me'],
    ({ email }) => service.api().post(`${api}/signin`).send({ email, password: wrong }).expect(400),
  ],
  [
    'post /signout',
    'success',
    ['signed-out success: me, me'],
    ({ browser }) => browser.post(`${api}/signout`).send({}).expect(200),
  ],
  ['post /signout', 'refused', nothing, () => service.api().post(`${api}/signout`).send({}).expect(200)],
  ['get /currentuser', 'success', nothing, ({ browser }) => browser.get(`${api}/currentuser`).expect(200)],
  ['get /currentuser', 'refused', nothing, () => service.api().get(`${api}/currentuser`).expect(200)],
  [
    'get /.well-known/jwks.json',
    'success',
    nothing,
    ({ browser }) => browser.get(`${api}/.well-known/jwks.json`).expect(200),
  ],
  [
    'get /.well-known/jwks.json',
    'refused',
    nothing,
    () => service.api().post(`${api}/.well-known/jwks.json`).expect(405),
  ],
  ['get /sessions', 'success', nothing, ({ browser }) => browser.get(`${api}/sessions`).expect(200)],
  ['get /sessions', 'refused', nothing, () => service.api().get(`${api}/sessions`).expect(401)],
  [
    'delete /sessions/some-id',
    'success',
    ['signed-out success: me, me'],
    async ({ browser }) => {
      const { body } = await browser.get(`${api}/sessions`).expect(200);
      await browser.delete(`${api}/sessions/${body.sessions[0].id}`).send({}).expect(204);
    },
  ],
  [
    'delete /sessions/some-id',
    'refused',
    nothing,
    ({ browser }) => browser.delete(`${api}/sessions/some-id`).send({}).expect(404),
  ],
  [
    'delete /sessions',
    'success',
    ['others-signed-out success: me, me'],
    ({ browser }) => browser.delete(`${api}/sessions`).send({}).expect(204),
  ],
  [
    'delete /sessions',
    'refused',
    nothing,
    () => service.api().delete(`${api}/sessions`).send({}).expect(401),
  ],
  [
    'patch /me',
    'success',
    ['profile-changed success: me, me'],
    ({ browser }) => browser.patch(`${api}/me`).send({ name: 'Ada', version: 0 }).expect(200),
  ],
  [
    'patch /me',
    'refused',
    nothing,
    ({ browser }) => browser.patch(`${api}/me`).send({ name: 'Ada', version: 7 }).expect(409),
  ],
  [
    'post /me/confirm-password',
    'success',
    ['password-confirmed success: me, me'],
    ({ browser }) => browser.post(`${api}/me/confirm-password`).send({ password }).expect(204),
  ],
  [
    'post /me/confirm-password',
    'refused',
    guess('password-confirmed'),
    ({ browser }) => browser.post(`${api}/me/confirm-password`).send({ password: wrong }).expect(400),
  ],
  [
    'put /me/password',
    'success',
    ['password-changed success: me, me'],
    ({ browser }) =>
      browser.put(`${api}/me/password`).send({ currentPassword: password, password: next }).expect(204),
  ],
  [
    'put /me/password',
    'refused',
    guess('password-changed'),
    ({ browser }) =>
      browser.put(`${api}/me/password`).send({ currentPassword: wrong, password: next }).expect(400),
  ],
  ['get /me/email', 'success', nothing, ({ browser }) => browser.get(`${api}/me/email`).expect(200)],
  ['get /me/email', 'refused', nothing, () => service.api().get(`${api}/me/email`).expect(401)],
  [
    'put /me/email',
    'success',
    ['email-change-requested success: me, me'],
    ({ browser }) =>
      browser
        .put(`${api}/me/email`)
        .send({ email: `y${count}@example.com`, password })
        .expect(202),
  ],
  [
    'put /me/email',
    'refused',
    guess('email-change-requested'),
    ({ browser }) =>
      browser
        .put(`${api}/me/email`)
        .send({ email: `y${count}@example.com`, password: wrong })
        .expect(400),
  ],
  [
    'delete /me',
    'success',
    ['closed success: me, me'],
    ({ browser }) => browser.delete(`${api}/me`).send({ password }).expect(204),
  ],
  [
    'delete /me',
    'refused',
    guess('closed'),
    ({ browser }) => browser.delete(`${api}/me`).send({ password: wrong }).expect(400),
  ],
  [
    'post /email-verification',
    'success',
    ['verification-requested success: me, me'],
    ({ browser }) => browser.post(`${api}/email-verification`).send({}).expect(202),
  ],
  [
    'post /email-verification',
    'refused',
    nothing,
    () => service.api().post(`${api}/email-verification`).send({}).expect(401),
  ],
  [
    'post /email-verification/confirm',
    'success',
    ['verified success: me, me'],
    async (me) =>
      service
        .api()
        .post(confirm)
        .send({ token: await tokenOf(me), password })
        .expect(200),
  ],
  [
    'post /email-verification/confirm',
    'success',
    ['email-changed success: me, me'],
    async ({ browser, ...me }) => {
      const email = `z${count}@example.com`;
      await browser.put(`${api}/me/email`).send({ email, password }).expect(202);
      const send = { token: await tokenOf({ ...me, browser, email }, 'Confirm'), password };
      await service.api().post(confirm).send(send).expect(200);
    },
  ],
  [
    'post /email-verification/confirm',
    'success',
    ['email-change-undone success: nobody, me'],
    async (me) => {
      const change = { email: `u${count}@example.com`, password };
      await me.browser.put(`${api}/me/email`).send(change).expect(202);
      // Whose browser it is does not matter.
      await admin.browser
        .post(confirm)
        .send({ token: await tokenOf(me, 'being changed') })
        .expect(200);
    },
  ],
  [
    'post /email-verification/confirm',
    'success',
    ['deleted success: nobody, other', 'brought-back success: nobody, me'],
    async (me) => {
      await me.browser.delete(`${api}/me`).send({ password }).expect(204);
      await service.signedUp(me.email);
      await service
        .api()
        .post(confirm)
        .send({ token: await tokenOf(me, 'closed') })
        .expect(200);
    },
  ],
  [
    'post /email-verification/confirm',
    'refused',
    ['link-used refused: nobody, nobody'],
    () => service.api().post(confirm).send({ token, password }).expect(400),
  ],
  [
    'post /email-verification/confirm',
    'refused',
    ['link-used refused: nobody, nobody', 'link-used refused: nobody, me'],
    async (me) =>
      service
        .api()
        .post(confirm)
        .send({ token: await tokenOf(me), password: wrong })
        .expect(400),
  ],
  [
    'post /email-verification/confirm',
    'refused',
    ['link-used refused: nobody, nobody', 'link-used refused: nobody, me'],
    async (me) => {
      await me.browser.delete(`${api}/me`).send({ password }).expect(204);
      await service.signedUp(me.email);
      await service.users.updateOne({ email: me.email }, { disabled: true });
      const { body } = await service
        .api()
        .post(confirm)
        .send({ token: await tokenOf(me, 'closed') })
        .expect(400);
      expect(body.errors[0].code).toBe('email_in_use');
    },
  ],
  [
    'post /email-verification/decline',
    'success',
    ['deleted success: nobody, me'],
    async (me) =>
      service
        .api()
        .post(decline)
        .send({ token: await tokenOf(me) })
        .expect(204),
  ],
  [
    'post /email-verification/decline',
    'success',
    ['email-change-declined success: nobody, me'],
    async (me) => {
      const email = `d${count}@example.com`;
      await me.browser.put(`${api}/me/email`).send({ email, password }).expect(202);
      await service
        .api()
        .post(decline)
        .send({ token: await tokenOf({ ...me, email }, 'Confirm') })
        .expect(204);
    },
  ],
  [
    'post /email-verification/decline',
    'refused',
    ['link-used refused: nobody, nobody'],
    () => service.api().post(decline).send({ token }).expect(400),
  ],
  [
    'post /password-reset',
    'success',
    ['password-reset-requested success: nobody, nobody'],
    ({ email }) => service.api().post(`${api}/password-reset`).send({ email }).expect(202),
  ],
  [
    'post /password-reset',
    'refused',
    ['password-reset-requested success: nobody, nobody'],
    () => service.api().post(`${api}/password-reset`).send({ email: 'none@example.com' }).expect(202),
  ],
  [
    'post /password-reset/confirm',
    'success',
    ['password-reset success: nobody, me'],
    async (me) => {
      await service.api().post(`${api}/password-reset`).send({ email: me.email }).expect(202);
      const send = { token: await tokenOf(me, 'Reset'), password: next };
      await service.api().post(`${api}/password-reset/confirm`).send(send).expect(204);
    },
  ],
  [
    'post /password-reset/confirm',
    'refused',
    ['link-used refused: nobody, nobody'],
    () => service.api().post(`${api}/password-reset/confirm`).send({ token, password: next }).expect(400),
  ],
  ['get /me/activity', 'success', nothing, ({ browser }) => browser.get(`${api}/me/activity`).expect(200)],
  ['get /me/activity', 'refused', nothing, () => service.api().get(`${api}/me/activity`).expect(401)],
  ['get /audit', 'success', nothing, () => admin.browser.get(`${api}/audit`).expect(200)],
  ['get /audit', 'refused', guess('admin-request'), ({ browser }) => browser.get(`${api}/audit`).expect(403)],
  ['get /', 'success', nothing, () => admin.browser.get(api).expect(200)],
  ['get /', 'refused', guess('admin-request'), ({ browser }) => browser.get(api).expect(403)],
  [`get /${nobody}`, 'success', nothing, ({ id }) => admin.browser.get(`${api}/${id}`).expect(200)],
  [
    `get /${nobody}`,
    'refused',
    guess('admin-request'),
    ({ browser, id }) => browser.get(`${api}/${id}`).expect(403),
  ],
  [
    `patch /${nobody}`,
    'success',
    ['role-changed success: admin, me', 'disabled success: admin, me'],
    ({ id }) =>
      admin.browser.patch(`${api}/${id}`).send({ role: 'admin', disabled: true, version: 0 }).expect(200),
  ],
  [
    `patch /${nobody}`,
    'success',
    ['enabled success: admin, me'],
    ({ id }) => admin.browser.patch(`${api}/${id}`).send({ disabled: false, version: 0 }).expect(200),
  ],
  [
    `patch /${nobody}`,
    'refused',
    guess('admin-request'),
    ({ browser, id }) => browser.patch(`${api}/${id}`).send({ disabled: true }).expect(403),
  ],
  [
    `delete /${nobody}`,
    'success',
    ['deleted success: admin, me'],
    ({ id }) => admin.browser.delete(`${api}/${id}`).send({}).expect(204),
  ],
  [
    `delete /${nobody}`,
    'refused',
    guess('admin-request'),
    ({ browser, id }) => browser.delete(`${api}/${id}`).send({}).expect(403),
  ],
  [
    `delete /${nobody}/sessions`,
    'success',
    ['signed-out-by-admin success: admin, me'],
    ({ id }) => admin.browser.delete(`${api}/${id}/sessions`).send({}).expect(204),
  ],
  [
    `delete /${nobody}/sessions`,
    'refused',
    guess('admin-request'),
    ({ browser, id }) => browser.delete(`${api}/${id}/sessions`).send({}).expect(403),
  ],
];

describe('S49 the audit trail', () => {
  it('has a row in this table for each endpoint, for its success and its refusal', () => {
    const rows = endpoints.flatMap(([method, path]) => [
      `${method} ${path} success`,
      `${method} ${path} refused`,
    ]);
    const listed = table.map(([endpoint, outcome]) => `${endpoint} ${outcome}`);
    expect([...new Set(listed)].sort()).toEqual(rows.sort());
  });

  it.each(table)('of %s, %s: %j', async (_endpoint, _outcome, expected, act) => {
    count += 1;
    const me = await signedUp(`me${count}@example.com`);
    await begin();
    await act(me);
    const entries = await entriesSince();
    const nameOf = (id?: string): string =>
      ({ undefined: 'nobody', [me.id]: 'me', [admin.id]: 'admin' })[String(id)] ?? 'other';
    const left = entries.map(
      ({ action, outcome, actor, user }) =>
        `${action} ${outcome}: ${nameOf(actor)}, ${nameOf(user?.toHexString())}`,
    );
    expect(left.sort()).toEqual([...expected].sort());
    for (const { at, requestId, count: times, from, expiresAt } of entries) {
      expect(at.getTime()).toBeGreaterThan(Date.now() - 60_000);
      expect(from).toMatchObject({ ip: '127.0.0.1' });
      expect(times ?? requestId).toBeDefined();
      expect(expiresAt).toBeDefined();
    }
  });
});

describe('the audit trail', () => {
  const actionsOf = async (user: string) =>
    (await entriesSince({ user })).map(({ action, outcome }) => `${action} ${outcome}`);

  it('S49 has a sign-in only once its session is there', async () => {
    const { email, id } = await signedUp('no-session@example.com');
    await begin();
    const build = jest.spyOn(service.sessions, 'build').mockImplementation(() => {
      throw new Error('no session');
    });
    await service.api().post(`${api}/signin`).send({ email, password }).expect(500);
    build.mockRestore();
    expect(await actionsOf(id)).toEqual([]);
    await service.api().post(`${api}/signin`).send({ email, password }).expect(200);
    expect(await actionsOf(id)).toEqual(['signed-in success']);
  });

  it('S49 has what was refused because the session was not fresh', async () => {
    const { browser, id } = await signedUp('stale@example.com');
    // The clock is not advanced, because other tests rely on it.
    await service.sessions.updateMany({ user: id }, { passwordAt: new Date(0) });
    await browser.delete(`${api}/sessions`).send({}).expect(401);
    expect(await actionsOf(id)).toContain('fresh-authentication refused');
  });

  it('has nothing of a change by an admin that changes nothing', async () => {
    const { id } = await signedUp('unchanged@example.com');
    await begin();
    await admin.browser.post(`${api}/me/confirm-password`).send({ password }).expect(204);
    const { body } = await admin.browser.patch(`${api}/${id}`).send({ version: 0 }).expect(200);
    expect(body).toMatchObject({ id, version: 0 });
    await admin.browser.patch(`${api}/${id}`).send({ version: 1 }).expect(409);
    expect(await actionsOf(id)).toEqual([]);
  });
});
