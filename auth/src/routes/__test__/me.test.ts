import { password, useService } from '../../test/service';

const service = useService();
const other = 'another good password';
const stored = (email: string) => service.users.findOne({ email }).lean();
const signin = (email: string, secret: string) =>
  service.api().post('/api/users/signin').send({ email, password: secret });

/** A browser that signs in to an account that is there. */
async function signedIn(email: string) {
  const browser = service.browser();
  await browser.post('/api/users/signin').send({ email, password }).expect(200);
  return browser;
}

const isSignedIn = async (browser: ReturnType<typeof service.browser>): Promise<boolean> =>
  (await browser.get('/api/users/currentuser').expect(200)).body.currentUser !== null;

describe('PATCH /api/users/me', () => {
  it('changes the name, and answers the user with its next version', async () => {
    const browser = await service.signedUp('renamed@example.com');
    const response = await browser.patch('/api/users/me').send({ name: ' Ada ', version: 0 }).expect(200);
    expect(response.body).toMatchObject({ email: 'renamed@example.com', name: 'Ada', version: 1 });
    expect(Date.parse(response.body.updatedAt as string)).toBeGreaterThan(
      Date.parse(response.body.createdAt as string),
    );
    const shown = await browser.get('/api/users/currentuser').expect(200);
    expect(shown.body.currentUser).toEqual(response.body);
  });

  it('keeps the name where none is sent', async () => {
    const browser = await service.signedUp('nameless@example.com');
    await browser.patch('/api/users/me').send({ name: 'Ada', version: 0 }).expect(200);
    const response = await browser.patch('/api/users/me').send({ version: 1 }).expect(200);
    expect(response.body).toMatchObject({ name: 'Ada', version: 2 });
  });

  it('answers 409 to a version that is not the last, and changes nothing', async () => {
    const browser = await service.signedUp('stale@example.com');
    await browser.patch('/api/users/me').send({ name: 'First', version: 0 }).expect(200);
    const response = await browser.patch('/api/users/me').send({ name: 'Second', version: 0 }).expect(409);
    expect(response.body).toEqual({ errors: [{ message: 'Stale version' }] });
    expect(await stored('stale@example.com')).toMatchObject({ name: 'First', version: 1 });
  });

  it('lets one of twenty at once through', async () => {
    const browser = await service.signedUp('crowd@example.com');
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        browser.patch('/api/users/me').send({ name: `Name ${n}`, version: 0 }),
      ),
    );
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([200, ...(Array(19).fill(409) as number[])]);
  });

  it('S5 takes the name and nothing else', async () => {
    const browser = await service.signedUp('greedy@example.com');
    const greedy = { role: 'admin', emailVerified: true, email: 'x@example.com', _id: 'x', disabled: true };
    await browser
      .patch('/api/users/me')
      .send({ ...greedy, name: 'Greedy', version: 0 })
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
  ])('refuses %j with 400', async (body, field) => {
    const browser = await service.signedUp(`refused-${Math.random()}@example.com`);
    const response = await browser.patch('/api/users/me').send(body).expect(400);
    expect(response.body).toEqual({ errors: [{ message: expect.any(String), field }] });
  });
});

describe('PUT /api/users/me/password', () => {
  it('S20 sets it, ends every other session, and keeps the one that asks', async () => {
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

  it('S20 refuses without the current password, and changes nothing', async () => {
    const browser = await service.signedUp('kept@example.com');
    const put = (body: object) => browser.put('/api/users/me/password').send(body);
    const wrong = await put({ currentPassword: 'wrong password', password: other }).expect(400);
    expect(wrong.body).toEqual({ errors: [{ message: 'Invalid credentials', field: 'currentPassword' }] });
    const missing = await put({ password: other }).expect(400);
    expect(missing.body.errors).toEqual([{ message: expect.any(String), field: 'currentPassword' }]);
    const short = await put({ currentPassword: password, password: 'short' }).expect(400);
    expect(short.body.errors).toEqual([{ message: expect.any(String), field: 'password' }]);
    await put({ currentPassword: { $ne: '' }, password: other }).expect(400);
    await signin('kept@example.com', password).expect(200);
  });

  it('lets one of two changes at once win', async () => {
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
    // Whose session the other has ended before it was looked at gets 401.
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

  it('S31 deletes the user and every session, and clears the cookie', async () => {
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

  it('refuses without the password', async () => {
    const browser = await service.signedUp('stays@example.com');
    const wrong = await close(browser, { password: 'wrong password' }).expect(400);
    expect(wrong.body).toEqual({ errors: [{ message: 'Invalid credentials', field: 'password' }] });
    await close(browser, {}).expect(400);
    expect(await isSignedIn(browser)).toBe(true);
  });

  it('answers 409 to the last admin', async () => {
    const first = await service.signedUpAdmin('last@example.com');
    const second = await service.signedUpAdmin('last-but-one@example.com');
    await close(second, { password }).expect(204);
    const response = await close(first, { password }).expect(409);
    expect(response.body).toEqual({ errors: [{ message: 'The last admin must stay' }] });
    expect(await isSignedIn(first)).toBe(true);
  });

  it('S31 leaves no way in to a sign-in that it overtakes', async () => {
    for (let round = 0; round < 10; round += 1) {
      const email = `vanishing-${round}@example.com`;
      const browser = await service.signedUp(email);
      const late = service.browser();
      const [closed, signedInLate] = await Promise.all([
        close(browser, { password }),
        late.post('/api/users/signin').send({ email, password }),
      ]);
      expect(closed.status).toBe(204);
      expect([200, 400]).toContain(signedInLate.status);
      expect(await isSignedIn(late)).toBe(false);
      await late.get('/api/users/sessions').expect(401);
    }
  });
});
