import { jwtFrom, sessionCookieOf } from '../../../test/cookies';
import { password, useService } from '../../../test/service';

const service = useService();

interface Shown {
  id: string;
  current: boolean;
  userAgent: string;
  ip: string;
}

const list = async (browser: ReturnType<typeof service.browser>): Promise<Shown[]> =>
  ((await browser.get('/api/users/sessions').expect(200)).body as { sessions: Shown[] }).sessions;

/** A new user, signed in with two browsers. */
async function twoBrowsers(email: string) {
  const first = await service.signedUp(email);
  const second = service.browser();
  await second
    .post('/api/users/signin')
    .set('User-Agent', 'second browser')
    .set('X-Forwarded-For', '203.0.113.9')
    .send({ email, password })
    .expect(200);
  return { first, second };
}

describe('the sessions of a user', () => {
  it('are listed with address and browser, and the current one is marked', async () => {
    const { first, second } = await twoBrowsers('two@example.com');
    const shown = await list(second);
    expect(shown).toHaveLength(2);
    expect(shown.find((session) => session.current)).toEqual({
      id: expect.stringMatching(/^[\w-]{22}$/),
      current: true,
      createdAt: expect.any(String),
      lastUsedAt: expect.any(String),
      expiresAt: expect.any(String),
      ip: '203.0.113.9',
      userAgent: 'second browser',
    });
    const seenByFirst = await list(first);
    expect(seenByFirst.find((session) => session.current)?.id).toBe(
      shown.find((session) => !session.current)?.id,
    );
  });

  it('are not listed once they have expired', async () => {
    const { first, second } = await twoBrowsers('stale@example.com');
    const [other] = (await list(second)).filter((session) => !session.current);
    await service.sessions.updateOne(
      { _id: other?.id ?? '' },
      { expiresAt: new Date(service.now().getTime() - 1) },
    );
    expect(await list(second)).toHaveLength(1);
    await first.get('/api/users/currentuser').expect(200, { currentUser: null });
  });

  it('can be ended one by one', async () => {
    const { first, second } = await twoBrowsers('one@example.com');
    const [other] = (await list(first)).filter((session) => !session.current);
    await first.delete(`/api/users/sessions/${other?.id ?? ''}`).expect(204);
    await second.get('/api/users/currentuser').expect(200, { currentUser: null });
    expect(await list(first)).toHaveLength(1);
  });

  it('include the current one, whose end clears the cookie', async () => {
    const { first } = await twoBrowsers('self@example.com');
    const [own] = (await list(first)).filter((session) => session.current);
    const response = await first.delete(`/api/users/sessions/${own?.id ?? ''}`).expect(204);
    expect(response.get('Set-Cookie')?.[0]).toMatch(/^session=;/);
    await first.get('/api/users/currentuser').expect(200, { currentUser: null });
  });

  it('can all be ended except the current one', async () => {
    const { first, second } = await twoBrowsers('others@example.com');
    await first.delete('/api/users/sessions').expect(204);
    await second.get('/api/users/currentuser').expect(200, { currentUser: null });
    expect(await list(first)).toHaveLength(1);
  });

  it.each(['unknown', '0', '%00', '$gt', 'g'.repeat(500)])(
    'are not found by the malformed or unknown id %s',
    async (id) => {
      const browser = await service.signedUp(
        `id-${Buffer.from(id).toString('hex').slice(0, 40)}@example.com`,
      );
      const response = await browser.delete(`/api/users/sessions/${id}`).expect(404);
      expect(response.body).toEqual({ errors: [{ message: 'Not Found', code: 'not_found' }] });
    },
  );

  it('are not found by another user', async () => {
    const mine = await service.signedUp('mine@example.com');
    const [session] = await list(mine);
    const other = await service.signedUp('other@example.com');
    await other.delete(`/api/users/sessions/${session?.id ?? ''}`).expect(404);
    expect(await list(mine)).toHaveLength(1);
    await other.delete('/api/users/sessions').expect(204);
    expect(await list(mine)).toHaveLength(1);
  });

  it.each([
    ['get', '/api/users/sessions'],
    ['delete', '/api/users/sessions'],
    ['delete', '/api/users/sessions/some-id'],
  ] as const)('are refused with 401 to callers who are not signed in: %s %s', async (method, path) => {
    const response = await service.api()[method](path).expect(401);
    expect(response.body).toEqual({ errors: [{ message: 'Not authorized', code: 'not_authorized' }] });
  });
});

describe('S27 S33 the session cookie', () => {
  it('is HttpOnly and SameSite=Lax, has Path=/ and no Domain, and is not Secure over plain HTTP', async () => {
    const response = await service
      .api()
      .post('/api/users/signup')
      .send({ email: 'plain@example.com', password });
    expect(response.get('Set-Cookie')?.[0]).toMatch(
      /^session=\w+; path=\/; expires=[^;]+; samesite=lax; httponly; max-age=\d+$/,
    );
  });

  it('is Secure if the proxy says that the request came over TLS', async () => {
    const response = await service
      .api()
      .post('/api/users/signup')
      .set('X-Forwarded-Proto', 'https')
      .send({ email: 'tls@example.com', password });
    expect(response.get('Set-Cookie')?.[0]).toMatch(/; secure; httponly; max-age=\d+$/);
  });

  it('contains only a JWT, and has at most 4096 bytes even for the longest address', async () => {
    const email = `${'l'.repeat(64)}@${'d'.repeat(63)}.${'e'.repeat(63)}.${'f'.repeat(57)}.com`;
    expect(email).toHaveLength(254);
    const response = await service.api().post('/api/users/signup').send({ email, password }).expect(201);
    expect(response.get('Set-Cookie')?.[0]?.length).toBeLessThanOrEqual(4096);
    const jwt = jwtFrom(response);
    await service.api().get('/api/users/sessions').set('Cookie', sessionCookieOf({ jwt })).expect(200);
  });
});
