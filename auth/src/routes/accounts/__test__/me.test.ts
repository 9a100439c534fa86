import { operator } from '../../../services/caller';
import { password, useService } from '../../../test/service';

const service = useService();
const other = 'another good password';
const stored = (email: string) => service.users.findOne({ email }).lean();
const signin = (email: string, secret: string) =>
  service.api().post('/api/users/signin').send({ email, password: secret });

/** A new browser, signed in to an existing account. */
async function signedIn(email: string) {
  const browser = service.browser();
  await browser.post('/api/users/signin').send({ email, password }).expect(200);
  return browser;
}

const isSignedIn = async (browser: ReturnType<typeof service.browser>): Promise<boolean> =>
  (await browser.get('/api/users/currentuser').expect(200)).body.currentUser !== null;

describe('PATCH /api/users/me', () => {
  it('changes the name, and returns the user with the next version', async () => {
    const browser = await service.signedUp('renamed@example.com');
    const response = await browser.patch('/api/users/me').send({ name: ' Ada ', version: 0 }).expect(200);
    expect(response.body).toMatchObject({ email: 'renamed@example.com', name: 'Ada', version: 1 });
    expect(Date.parse(response.body.updatedAt as string)).toBeGreaterThan(
      Date.parse(response.body.createdAt as string),
    );
    const shown = await browser.get('/api/users/currentuser').expect(200);
    expect(shown.body.currentUser).toEqual(response.body);
  });

  it('keeps the name if the body has none', async () => {
    const browser = await service.signedUp('nameless@example.com');
    await browser.patch('/api/users/me').send({ name: 'Ada', version: 0 }).expect(200);
    const response = await browser.patch('/api/users/me').send({ version: 1 }).expect(200);
    expect(response.body).toMatchObject({ name: 'Ada', version: 2 });
  });

  it('F9 removes the name if it is null, and again where there is none', async () => {
    const email = 'anonymous@example.com';
    const browser = await service.signedUp(email);
    await browser.patch('/api/users/me').send({ name: 'Ada', version: 0 }).expect(200);
    for (const version of [1, 2]) {
      const response = await browser.patch('/api/users/me').send({ name: null, version }).expect(200);
      expect(response.body).toMatchObject({ email, version: version + 1 });
      expect(response.body).not.toHaveProperty('name');
      expect(await stored(email)).not.toHaveProperty('name');
    }
    await browser.patch('/api/users/me').send({ name: null, version: 1 }).expect(409);
  });

  it('answers 409 to a stale version and changes nothing', async () => {
    const browser = await service.signedUp('stale@example.com');
    await browser.patch('/api/users/me').send({ name: 'First', version: 0 }).expect(200);
    const response = await browser.patch('/api/users/me').send({ name: 'Second', version: 0 }).expect(409);
    expect(response.body).toEqual({ errors: [{ message: 'Stale version', code: 'stale_version' }] });
    expect(await stored('stale@example.com')).toMatchObject({ name: 'First', version: 1 });
  });

  it('accepts only one of twenty simultaneous changes', async () => {
    const browser = await service.signedUp('crowd@example.com');
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        browser.patch('/api/users/me').send({ name: `Name ${n}`, version: 0 }),
      ),
    );
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([200, ...(Array(19).fill(409) as number[])]);
  });

  it('S5 changes the name and ignores every other field', async () => {
    const browser = await service.signedUp('greedy@example.com');
    const otherFields = {
      role: 'admin',
      emailVerified: true,
      email: 'x@example.com',
      _id: 'x',
      disabled: true,
    };
    await browser
      .patch('/api/users/me')
      .send({ ...otherFields, name: 'Greedy', version: 0 })
      .expect(200);
    expect(await stored('greedy@example.com')).toMatchObject({
      name: 'Greedy',
      role: 'user',
      emailVerified: false,
      disabled: false,
    });
  });

  it.each([
    [{ name: 'No version' }, 'version'],
    [{ name: '', version: 0 }, 'name'],
    [{ name: 'x'.repeat(101), version: 0 }, 'name'],
    [{ name: 'Line\nbreak', version: 0 }, 'name'],
  ])('refuses the body %j with 400', async (body, field) => {
    const browser = await service.signedUp(`refused-${Math.random()}@example.com`);
    const response = await browser.patch('/api/users/me').send(body).expect(400);
    expect(response.body).toEqual({
      errors: [{ message: expect.any(String), code: expect.any(String), field }],
    });
  });
});

describe('PUT /api/users/me/password', () => {
  it('S20 sets the password, ends every other session and keeps the current one', async () => {
    const browser = await service.signedUp('changed@example.com');
    const elsewhere = await signedIn('changed@example.com');
    await browser
      .put('/api/users/me/password')
      .send({ currentPassword: password, password: other })
      .expect(204, {});
    expect(await isSignedIn(browser)).toBe(true);
    expect(await isSignedIn(elsewhere)).toBe(false);
    await signin('changed@example.com', password).expect(400);
    await signin('changed@example.com', other).expect(200);
  });

  it('S20 refuses a wrong or missing current password and changes nothing', async () => {
    const browser = await service.signedUp('kept@example.com');
    const put = (body: object) => browser.put('/api/users/me/password').send(body);
    const wrong = await put({ currentPassword: 'wrong password', password: other }).expect(400);
    expect(wrong.body).toEqual({
      errors: [{ message: 'Invalid credentials', code: 'invalid_credentials', field: 'currentPassword' }],
    });
    const missing = await put({ password: other }).expect(400);
    expect(missing.body.errors).toEqual([
      { message: expect.any(String), code: expect.any(String), field: 'currentPassword' },
    ]);
    const short = await put({ currentPassword: password, password: 'short' }).expect(400);
    expect(short.body.errors).toEqual([
      { message: expect.any(String), code: expect.any(String), field: 'password' },
    ]);
    await put({ currentPassword: { $ne: '' }, password: other }).expect(400);
    await signin('kept@example.com', password).expect(200);
  });

  it('accepts only one of two simultaneous changes', async () => {
    const first = await service.signedUp('race@example.com');
    const second = await signedIn('race@example.com');
    const answers = await Promise.all(
      [first, second].map((browser, n) =>
        browser
          .put('/api/users/me/password')
          .send({ currentPassword: password, password: `password number ${n}` }),
      ),
    );
    const statuses = answers.map(({ status }) => status).sort();
    // The second change gets 401 if the first one has already ended its session.
    expect([
      [204, 400],
      [204, 401],
    ]).toContainEqual(statuses);
    const winner = answers.findIndex(({ status }) => status === 204);
    await signin('race@example.com', `password number ${winner}`).expect(200);
    await signin('race@example.com', `password number ${1 - winner}`).expect(400);
  });
});

describe('DELETE /api/users/me', () => {
  const close = (browser: ReturnType<typeof service.browser>, body: object) =>
    browser.delete('/api/users/me').send(body);

  it('S31 deletes the user and every session and clears the cookie', async () => {
    const browser = await service.signedUp('closed@example.com');
    const elsewhere = await signedIn('closed@example.com');
    const user = await stored('closed@example.com');
    const response = await close(browser, { password }).expect(204);
    expect(response.get('Set-Cookie')?.[0]).toMatch(/^session=;/);
    expect(await stored('closed@example.com')).toBeNull();
    expect(await service.sessions.countDocuments({ user: user?._id ?? '' })).toBe(0);
    expect(await isSignedIn(elsewhere)).toBe(false);
    await signin('closed@example.com', password).expect(400);
    await service.signedUp('closed@example.com');
  });

  it('refuses a wrong or missing password', async () => {
    const browser = await service.signedUp('stays@example.com');
    const wrong = await close(browser, { password: 'wrong password' }).expect(400);
    expect(wrong.body).toEqual({
      errors: [{ message: 'Invalid credentials', code: 'invalid_credentials', field: 'password' }],
    });
    await close(browser, {}).expect(400);
    expect(await isSignedIn(browser)).toBe(true);
  });

  it('refuses the last admin with 409', async () => {
    const first = await service.signedUpAdmin('last@example.com');
    const second = await service.signedUpAdmin('last-but-one@example.com');
    await close(second, { password }).expect(204);
    const response = await close(first, { password }).expect(409);
    expect(response.body).toEqual({ errors: [{ message: 'The last admin must stay', code: 'last_admin' }] });
    expect(await isSignedIn(first)).toBe(true);
  });

  it('S31 leaves no live session to a simultaneous sign-in', async () => {
    for (let round = 0; round < 10; round += 1) {
      const email = `vanishing-${round}@example.com`;
      const browser = await service.signedUp(email);
      const signingIn = service.browser();
      const [closed, signin] = await Promise.all([
        close(browser, { password }),
        signingIn.post('/api/users/signin').send({ email, password }),
      ]);
      expect(closed.status).toBe(204);
      expect([200, 400]).toContain(signin.status);
      expect(await isSignedIn(signingIn)).toBe(false);
      await signingIn.get('/api/users/sessions').expect(401);
    }
  });
});

describe('the current password, whose hash a sign-in writes anew meanwhile', () => {
  const next = 'a longer good password';
  /** Rewrites the hash once the password was compared, as a sign-in at the same time may. */
  const rewriting = (email: string, to = password) => {
    const compare = service.passwords.compare.bind(service.passwords);
    jest.spyOn(service.passwords, 'compare').mockImplementationOnce(async (...given) => {
      const isRight = await compare(...given);
      const hash = await service.passwords.toHash(to, operator());
      await service.users.updateOne({ email }, { password: hash }, { timestamps: false });
      return isRight;
    });
  };

  it('still changes the password, asks for another address, and closes the account', async () => {
    const email = 'rewritten@example.com';
    const browser = await service.signedUp(email);
    rewriting(email);
    await browser.put('/api/users/me/email').send({ email: 'new@example.com', password }).expect(202);
    rewriting(email);
    await browser
      .put('/api/users/me/password')
      .send({ currentPassword: password, password: next })
      .expect(204);
    rewriting(email, next);
    await browser.delete('/api/users/me').send({ password: next }).expect(204);
  });

  it('still confirms an address', async () => {
    const email = 'confirmed@example.com';
    await service.signedUp(email);
    const token = await service.tokenTo(email, 'Verify');
    const confirm = () =>
      service.api().post('/api/users/email-verification/confirm').send({ token, password });
    rewriting(email);
    expect((await confirm().expect(200)).body).toMatchObject({ email, emailVerified: true });
  });

  it('does nothing where it was changed to another one', async () => {
    const email = 'replaced@example.com';
    const browser = await service.signedUp(email);
    rewriting(email, next);
    await browser.delete('/api/users/me').send({ password }).expect(400);
    expect(await stored(email)).not.toBeNull();
  });
});
