import { operator } from '../../../services/caller';
import { password, useService } from '../../../test/service';

const service = useService();
type Browser = ReturnType<typeof service.browser>;

let admin: Browser;
beforeAll(async () => {
  admin = await service.signedUpAdmin('admin@example.com');
});

const stored = (email: string) => service.users.findOne({ email }).lean().orFail();
const idOf = async (email: string): Promise<string> => (await stored(email))._id.toHexString();
const isSignedIn = async (browser: Browser): Promise<boolean> =>
  (await browser.get('/api/users/currentuser').expect(200)).body.currentUser !== null;

/** A new user with a signed-in browser. */
async function newUser(name: string) {
  const browser = await service.signedUp(`${name}@example.com`);
  return { browser, id: await idOf(`${name}@example.com`), email: `${name}@example.com` };
}

const endpoints = [
  ['get', '/0123456789abcdef01234567'],
  ['patch', '/0123456789abcdef01234567'],
  ['delete', '/0123456789abcdef01234567'],
  ['delete', '/0123456789abcdef01234567/sessions'],
] as const;

describe('the endpoints for admins', () => {
  it.each(endpoints)('answer 404 to an unknown id: %s %s', async (method, path) => {
    const response = await admin[method](`/api/users${path}`).send({ version: 0 }).expect(404);
    expect(response.body).toEqual({ errors: [{ message: 'Not Found', code: 'not_found' }] });
  });

  it.each(['unknown', '0', '%00', '$gt', 'g'.repeat(24), '0123456789abcdef012345678'])(
    'answer 404 to the malformed id %s',
    async (id) => {
      for (const method of ['get', 'patch', 'delete'] as const) {
        const response = await admin[method](`/api/users/${id}`).send({ version: 0 }).expect(404);
        expect(response.body).toEqual({ errors: [{ message: 'Not Found', code: 'not_found' }] });
      }
    },
  );

  it('refuse a former admin at once, whatever the JWT says', async () => {
    const former = await service.signedUpAdmin('former@example.com');
    await former.get('/api/users').expect(200);
    await service.users.updateOne({ email: 'former@example.com' }, { role: 'user' });
    await former.get('/api/users').expect(403);
  });
});

const list = async (query: string) => {
  const { body } = await admin.get(`/api/users${query}`).expect(200);
  return body as { users: { email: string; role: string }[]; nextCursor: string | null };
};

/** What an admin sees of a new user, beside id and address. */
const fieldsForAdmins = {
  role: 'user',
  emailVerified: false,
  disabled: false,
  version: 0,
  createdAt: expect.any(String) as string,
  updatedAt: expect.any(String) as string,
};

describe('GET /api/users', () => {
  it('lists users with the fields for admins and no secret', async () => {
    await newUser('listed');
    const { users, nextCursor } = await list('?email=listed@example.com');
    expect(users).toEqual([
      { ...fieldsForAdmins, id: await idOf('listed@example.com'), email: 'listed@example.com' },
    ]);
    expect(nextCursor).toBeNull();
  });

  it('filters by role and by the beginning of the address, ignoring case', async () => {
    await Promise.all(['filter-a', 'filter-b', 'filter.c', 'unfiltered'].map((name) => newUser(name)));
    await service.users.updateOne({ email: 'filter-b@example.com' }, { role: 'admin' });
    const emails = async (query: string) => (await list(query)).users.map(({ email }) => email).sort();
    expect(await emails('?email=FILTER-')).toEqual(['filter-a@example.com', 'filter-b@example.com']);
    expect(await emails('?email=filter-&role=admin')).toEqual(['filter-b@example.com']);
    expect(await emails('?email=filter-&role=user')).toEqual(['filter-a@example.com']);
    expect(await emails('?email=filter.')).toEqual(['filter.c@example.com']);
    await service.users.updateOne({ email: 'filter-b@example.com' }, { role: 'user' });
  });

  it('continues after the last page, even if users were created or deleted meanwhile', async () => {
    for (let n = 0; n < 5; n += 1) await newUser(`page-${n}`);
    const first = await list('?email=page-&limit=2');
    expect(first.users.map(({ email }) => email)).toEqual(['page-0@example.com', 'page-1@example.com']);
    await service.users.deleteOne({ email: 'page-1@example.com' });
    await newUser('page-5');
    const second = await list(`?email=page-&limit=2&cursor=${first.nextCursor ?? ''}`);
    expect(second.users.map(({ email }) => email)).toEqual(['page-2@example.com', 'page-3@example.com']);
    const third = await list(`?email=page-&limit=2&cursor=${second.nextCursor ?? ''}`);
    expect(third.users.map(({ email }) => email)).toEqual(['page-4@example.com', 'page-5@example.com']);
    expect(third.nextCursor).toBeNull();
  });

  it('S60 returns 50 users by default and up to 100 on request', async () => {
    const secret = await service.passwords.toHash(password, operator());
    await service.users.insertMany(
      Array.from({ length: 101 }, (_, n) => ({ email: `many-${n}@example.com`, password: secret })),
    );
    for (const [query, length] of [
      ['', 50],
      ['&limit=100', 100],
    ] as const) {
      const { users, nextCursor } = await list(`?email=many-${query}`);
      expect(users).toHaveLength(length);
      expect(nextCursor).not.toBeNull();
    }
  });

  it.each([
    ['email[$gt]=', 'email'],
    ['email=a&email=b', 'email'],
    ['email=a%00b', 'email'],
    ['role=root', 'role'],
    ['role[$ne]=user', 'role'],
    ['limit=0', 'limit'],
    ['limit=101', 'limit'],
    ['limit=ten', 'limit'],
    ['limit=1&limit=2', 'limit'],
    ['cursor=nonsense', 'cursor'],
    ['cursor[$gt]=aaaaaaaaaaaaaaaa', 'cursor'],
  ])('S1 S2 refuses ?%s with 400', async (query, field) => {
    const response = await admin.get(`/api/users?${query}`).expect(400);
    expect(response.body).toEqual({
      errors: [{ message: expect.any(String), code: expect.any(String), field }],
    });
  });
});

describe('an account whose name was stored before names had these rules', () => {
  it.each([
    ['direction', '\u202egnp.exe'],
    ['invisible', '\u200b\u3164'],
    ['control', 'a\nb\u2028'],
    ['unassigned', '\u0378\ue000'],
    ['long', '😀'.repeat(100)],
  ])('can be shown, changed, disabled, closed, brought back and deleted: %s', async (what, name) => {
    const { browser, id, email } = await newUser(`old-${what}`);
    await service.mailTo(email, 'Verify');
    await service.users.collection.updateOne({ email }, { $set: { name } });
    const me = (body: object) => browser.patch('/api/users/me').send(body);
    expect((await me({ version: 0 }).expect(200)).body).toMatchObject({ name, version: 1 });
    const change = { currentPassword: password, password: 'another good password' };
    await browser.put('/api/users/me/password').send(change).expect(204);
    const patch = (body: object) => admin.patch(`/api/users/${id}`).send(body);
    await patch({ role: 'admin', version: 2 }).expect(200);
    await patch({ role: 'user', version: 3 }).expect(200);
    expect((await patch({ disabled: true }).expect(200)).body).toMatchObject({ name, disabled: true });
    await patch({ disabled: false, version: 5 }).expect(200);
    expect((await list(`?email=${email}`)).users).toEqual([expect.objectContaining({ name })]);
    await browser.post('/api/users/signin').send({ email, password: change.password }).expect(200);
    await browser.delete('/api/users/me').send({ password: change.password }).expect(204);
    const token = await service.tokenTo(email, 'closed');
    const back = await service
      .api()
      .post('/api/users/email-verification/confirm')
      .send({ token })
      .expect(200);
    expect(back.body).toMatchObject({ id, name });
    await admin.delete(`/api/users/${id}`).expect(204);
  });

  it('F9 can have it removed', async () => {
    const { browser, email } = await newUser('old-removed');
    await service.users.collection.updateOne({ email }, { $set: { name: '\u202egnp.exe' } });
    const response = await browser.patch('/api/users/me').send({ name: null, version: 0 }).expect(200);
    expect(response.body).not.toHaveProperty('name');
    // A null from another service's document is no name either.
    await service.users.collection.updateOne({ email }, { $set: { name: null } });
    const shown = await browser.get('/api/users/currentuser').expect(200);
    expect(shown.body.currentUser).not.toHaveProperty('name');
  });
});

describe('GET /api/users/:id', () => {
  it('returns the user with the fields for admins and nothing else', async () => {
    const { id, email } = await newUser('shown');
    const response = await admin.get(`/api/users/${id}`).expect(200);
    expect(response.body).toEqual({ ...fieldsForAdmins, id, email });
  });
});

describe('PATCH /api/users/:id', () => {
  it('changes the role, with immediate effect', async () => {
    const { browser, id } = await newUser('promoted');
    const response = await admin.patch(`/api/users/${id}`).send({ role: 'admin', version: 0 }).expect(200);
    expect(response.body).toMatchObject({ id, role: 'admin', version: 1 });
    await browser.get('/api/users').expect(200);
    await admin.patch(`/api/users/${id}`).send({ role: 'user', version: 1 }).expect(200);
    await browser.get('/api/users').expect(403);
    expect(service.logs).toContainEqual(
      expect.objectContaining({ event: 'user_changed', userId: id, role: 'admin', by: expect.any(String) }),
    );
  });

  it('S31 ends every session at once by disabling, and restores none by enabling', async () => {
    const { browser, id, email } = await newUser('disabled');
    await admin.patch(`/api/users/${id}`).send({ disabled: true, version: 0 }).expect(200);
    expect(await isSignedIn(browser)).toBe(false);
    await browser.get('/api/users/sessions').expect(401);
    const signin = () => service.api().post('/api/users/signin').send({ email, password });
    const refused = await signin().expect(400);
    expect(refused.body).toEqual({
      errors: [{ message: 'Invalid credentials', code: 'invalid_credentials' }],
    });
    await admin.patch(`/api/users/${id}`).send({ disabled: false, version: 1 }).expect(200);
    expect(await isSignedIn(browser)).toBe(false);
    await signin().expect(200);
  });

  it('disables without a version, even if users change their accounts all the time', async () => {
    const { browser, id } = await newUser('restless');
    const rename = async (): Promise<void> => {
      for (;;) {
        const { currentUser } = (await browser.get('/api/users/currentuser')).body;
        if (currentUser === null) return;
        await browser.patch('/api/users/me').send({ name: 'Restless', version: currentUser.version });
      }
    };
    const renaming = Promise.all(Array.from({ length: 4 }, rename));
    const { body } = await admin.patch(`/api/users/${id}`).send({ disabled: true }).expect(200);
    expect(body).toMatchObject({ id, disabled: true });
    await renaming;
    await admin.patch(`/api/users/${id}`).send({ disabled: true, version: 0 }).expect(409);
    await admin.patch('/api/users/0123456789abcdef01234567').send({ disabled: true }).expect(404);
  });

  it('answers 409 to a stale version and changes nothing', async () => {
    const { id, email } = await newUser('stale');
    await admin.patch(`/api/users/${id}`).send({ role: 'user', version: 0 }).expect(200);
    const response = await admin.patch(`/api/users/${id}`).send({ role: 'admin', version: 0 }).expect(409);
    expect(response.body).toEqual({ errors: [{ message: 'Stale version', code: 'stale_version' }] });
    expect(await stored(email)).toMatchObject({ role: 'user', version: 1 });
  });

  it('accepts only one of two simultaneous changes', async () => {
    const { id, email } = await newUser('contested');
    const changes = [{ role: 'admin' }, { disabled: true }];
    const answers = await Promise.all(
      changes.map((change) => admin.patch(`/api/users/${id}`).send({ ...change, version: 0 })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    const made = changes[answers.findIndex(({ status }) => status === 200)];
    expect(await stored(email)).toMatchObject({ role: 'user', disabled: false, ...made, version: 1 });
    await service.users.deleteOne({ email });
  });

  it.each([
    [{ role: 'root', version: 0 }, 'role'],
    [{ role: 'admin' }, 'version'],
    [{ disabled: false }, 'version'],
    [{ disabled: true, role: 'user' }, 'version'],
    [{ disabled: true, other: 1 }, 'version'],
    [{ disabled: true, version: -1 }, 'version'],
    [{}, 'version'],
  ])('refuses the body %j with 400', async (body, field) => {
    const { id } = await newUser(`refused-${Math.random()}`);
    const response = await admin.patch(`/api/users/${id}`).send(body).expect(400);
    expect(response.body).toEqual({
      errors: [{ message: expect.any(String), code: expect.any(String), field }],
    });
  });

  it('S5 changes role and disabled and ignores every other field', async () => {
    const { id, email } = await newUser('narrow');
    const otherFields = {
      email: 'x@example.com',
      password: 'x',
      emailVerified: true,
      name: 'X',
      generation: 7,
    };
    await admin
      .patch(`/api/users/${id}`)
      .send({ ...otherFields, version: 0 })
      .expect(200);
    const user = await stored(email);
    expect(user).toMatchObject({ email, emailVerified: false, version: 0 });
    expect(user.name).toBeUndefined();
    expect(user.generation).toBeUndefined();
  });
});

describe('DELETE /api/users/:id', () => {
  it('S31 deletes the account and ends its sessions at once', async () => {
    const { browser, id } = await newUser('deleted');
    await admin.delete(`/api/users/${id}`).expect(204, {});
    expect(await isSignedIn(browser)).toBe(false);
    expect(await service.sessions.countDocuments({ user: id })).toBe(0);
    await admin.delete(`/api/users/${id}`).expect(404);
  });
});

describe('DELETE /api/users/:id/sessions', () => {
  it('ends every session and keeps the account', async () => {
    const { browser, id, email } = await newUser('ended');
    await admin.delete(`/api/users/${id}/sessions`).expect(204, {});
    expect(await isSignedIn(browser)).toBe(false);
    await service.api().post('/api/users/signin').send({ email, password }).expect(200);
  });
});

describe('the last admin', () => {
  const count = () => service.users.countDocuments({ role: 'admin', disabled: false });
  const change = (by: Browser, id: string, body: object) => by.patch(`/api/users/${id}`).send(body);

  it('cannot be demoted, disabled or deleted', async () => {
    expect(await count()).toBe(1);
    const { _id, version } = await stored('admin@example.com');
    const id = _id.toHexString();
    for (const body of [{ role: 'user' }, { disabled: true }]) {
      const response = await change(admin, id, { ...body, version }).expect(409);
      expect(response.body).toEqual({
        errors: [{ message: 'The last admin must stay', code: 'last_admin' }],
      });
    }
    await change(admin, id, { disabled: true }).expect(409);
    await admin.delete(`/api/users/${id}`).expect(409);
    expect(await count()).toBe(1);
    expect(await isSignedIn(admin)).toBe(true);
  });

  it('cannot be demoted while the only other admin is disabled', async () => {
    await service.signedUpAdmin('resting@example.com');
    const { _id } = await stored('resting@example.com');
    await change(admin, _id.toHexString(), { disabled: true, version: 0 }).expect(200);
    const own = await stored('admin@example.com');
    await change(admin, own._id.toHexString(), { role: 'user', version: own.version }).expect(409);
    await admin.delete(`/api/users/${_id.toHexString()}`).expect(204);
  });

  it.each([
    ['demote', (by: Browser, id: string) => change(by, id, { role: 'user', version: 0 })],
    ['disable', (by: Browser, id: string) => change(by, id, { disabled: true, version: 0 })],
    ['delete', (by: Browser, id: string) => by.delete(`/api/users/${id}`)],
  ])('remains when two admins %s each other at once', async (what, remove) => {
    await service.users.updateOne({ email: 'admin@example.com' }, { disabled: true });
    for (let round = 0; round < 10; round += 1) {
      const emails = ['one', 'two'].map((name) => `${what}-${name}-${round}@example.com`);
      const browsers = await Promise.all(emails.map((email) => service.signedUpAdmin(email)));
      const [one = '', two = ''] = await Promise.all(emails.map(idOf));
      const [first, second] = browsers as [Browser, Browser];
      const answers = await Promise.all([remove(first, two), remove(second, one)]);
      expect(await count()).toBe(1);
      expect(answers.filter(({ status }) => status < 300)).toHaveLength(1);
      // The other request gets 409, or 401 or 403 if the first one has already taken effect.
      expect(answers.some(({ status }) => [409, 401, 403].includes(status))).toBe(true);
      await service.users.collection.deleteMany({ email: { $in: emails } });
    }
    await service.users.updateOne({ email: 'admin@example.com' }, { disabled: false });
  });
});
