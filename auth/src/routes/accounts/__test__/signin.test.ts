import { scryptSync } from 'node:crypto';
import { comparable } from '../../../test/responses';
import { cheapCost, password, useService } from '../../../test/service';

const service = useService();
const signin = (email: string, secret: unknown) =>
  service.api().post('/api/users/signin').send({ email, password: secret });

/** A legacy hash, as the course stored it: Node's default cost, and the hex text of 8 random bytes as the salt. */
function courseHash(secret: string): string {
  const salt = '0123456789abcdef';
  return `${scryptSync(secret, salt, 64).toString('hex')}.${salt}`;
}

const storeHash = (email: string, hash: string) =>
  service.users.collection.updateOne(
    { email },
    { $set: { password: hash } },
    { bypassDocumentValidation: true },
  );

describe('POST /api/users/signin', () => {
  beforeAll(() => service.signedUp('known@example.com'));

  it('returns 200 with the user and a session cookie', async () => {
    const response = await signin('known@example.com', password).expect(200);
    expect(response.body).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{24}$/),
      email: 'known@example.com',
      role: 'user',
      emailVerified: false,
      version: 0,
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
    });
    expect(response.get('Set-Cookie')).toEqual([
      expect.stringMatching(/^session=/),
      expect.stringMatching(/^device=/),
    ]);
  });

  it('S12 ignores case and surrounding spaces of the address', async () => {
    await signin(' Known@EXAMPLE.com ', password).expect(200);
  });

  it('refuses a missing password and a malformed e-mail, and names the field', async () => {
    const missing = await service
      .api()
      .post('/api/users/signin')
      .send({ email: 'known@example.com' })
      .expect(400);
    expect(missing.body.errors).toEqual([
      { message: 'You must supply a password', code: 'password_required', field: 'password' },
    ]);
    const malformed = await signin('known', password).expect(400);
    expect(malformed.body.errors).toEqual([
      { message: 'Email must be valid', code: 'email_invalid', field: 'email' },
    ]);
  });

  it('S9 refuses unknown and disabled accounts and every wrong password with identical responses', async () => {
    await service.signedUp('legacy@example.com');
    await storeHash('legacy@example.com', courseHash(password));
    await service.signedUp('disabled@example.com');
    await service.users.updateOne({ email: 'disabled@example.com' }, { disabled: true });
    const answers = await Promise.all([
      signin('unknown@example.com', password),
      signin('known@example.com', 'wrong password'),
      signin('known@example.com', ''),
      signin('known@example.com', 'a'.repeat(10_000)),
      signin('known@example.com', '\ud800'.repeat(9)),
      signin('legacy@example.com', 'wrong password'),
      signin('disabled@example.com', password),
      // F10: in another form than NFC.
      signin('unknown@example.com', 'a\u0308ther is wrong'),
      signin('known@example.com', 'a\u0308ther is wrong'),
    ]);
    const [first, ...rest] = answers.map(comparable);
    expect(first).toMatchObject({
      status: 400,
      body: { errors: [{ message: 'Invalid credentials', code: 'invalid_credentials' }] },
    });
    for (const answer of rest) expect(answer).toEqual(first);
  });

  it.each([
    ['case', password.toUpperCase()],
    ['a trailing space', `${password} `],
    ['a leading space', ` ${password}`],
  ])('S16 refuses a password that differs in %s', async (_what, secret) => {
    await signin('known@example.com', secret).expect(400);
  });

  it('S16 refuses a password that differs only after byte 72', async () => {
    const long = 'x'.repeat(80);
    await service.signedUp('long@example.com', long);
    await signin('long@example.com', `${long.slice(0, 79)}y`).expect(400);
    await signin('long@example.com', long).expect(200);
  });

  it('accepts a legacy hash and rewrites it with the current cost', async () => {
    await service.signedUp('course@example.com');
    await storeHash('course@example.com', courseHash('a course password'));
    const before = await service.users.findOne({ email: 'course@example.com' }).lean();
    await signin('course@example.com', 'a course password').expect(200);
    const after = await service.users.findOne({ email: 'course@example.com' }).lean();
    expect(after?.password).toMatch(new RegExp(`[.]ln=${cheapCost.ln},r=8,p=1$`));
    expect(after?.updatedAt).toEqual(before?.updatedAt);
    await signin('course@example.com', 'a course password').expect(200);
  });

  it.each([
    ['composed, as Windows sends it', 'pässwörd', 'pa\u0308sswo\u0308rd'],
    ['decomposed, as macOS may send it', 'pa\u0308sswo\u0308rd', 'pässwörd'],
  ])('F10 accepts a password in both forms, set %s', async (what, set, other) => {
    const email = `${what.slice(0, 8)}@example.com`;
    await service.signedUp(email, set);
    const { password: hash } = await service.users.findOne({ email }).lean().orFail();
    await signin(email, set).expect(200);
    await signin(email, other).expect(200);
    const browser = service.browser();
    await browser.post('/api/users/signin').send({ email, password: other }).expect(200);
    expect(await service.users.findOne({ email }).lean()).toMatchObject({ password: hash });
    const change = { currentPassword: set, password: `${other} anew` };
    await browser.put('/api/users/me/password').send(change).expect(204);
    await signin(email, `${set} anew`).expect(200);
  });

  it('F10 accepts a decomposed password that was hashed as it was sent, and rewrites its hash', async () => {
    const email = 'macos@example.com';
    await service.signedUp(email);
    await storeHash(email, courseHash('pa\u0308sswo\u0308rd'));
    await signin(email, 'pässwörd').expect(400);
    await signin(email, 'pa\u0308sswo\u0308rd').expect(200);
    await signin(email, 'pässwörd').expect(200);
    await signin(email, 'pa\u0308sswo\u0308rd').expect(200);
  });

  it('does not rewrite a hash of the current cost', async () => {
    const before = await service.users.findOne({ email: 'known@example.com' }).lean();
    await signin('known@example.com', password).expect(200);
    expect(await service.users.findOne({ email: 'known@example.com' }).lean()).toEqual(before);
  });

  it.each([
    ['empty', ''],
    ['other text', 'not a hash'],
    ['half a hash', courseHash(password).slice(64)],
    ['a hash without salt', `${'a'.repeat(128)}.`],
    ['a hash with an impossible cost', `${courseHash(password)}.ln=40,r=8,p=1`],
    ['a hash with a meaningless cost', `${courseHash(password)}.ln=0,r=0,p=0`],
  ])('S19 refuses every password if the stored hash is %s', async (what, hash) => {
    const email = `${what.replaceAll(' ', '-')}@example.com`;
    await service.signedUp(email);
    await storeHash(email, hash);
    const response = await signin(email, password).expect(400);
    expect(response.body).toEqual({
      errors: [{ message: 'Invalid credentials', code: 'invalid_credentials' }],
    });
  });

  it('S28 replaces an existing session cookie and ends its session', async () => {
    const browser = await service.signedUp('fixed@example.com');
    const before = await service.sessions.find().sort({ createdAt: -1 }).limit(1).lean();
    const response = await browser
      .post('/api/users/signin')
      .send({ email: 'fixed@example.com', password })
      .expect(200);
    expect(response.get('Set-Cookie')).toEqual([
      expect.stringMatching(/^session=/),
      expect.stringMatching(/^device=/),
    ]);
    expect(await service.sessions.exists({ _id: before[0]?._id ?? '', endedAt: null })).toBeNull();
    const shown = await browser.get('/api/users/currentuser').expect(200);
    expect(shown.body.currentUser).toMatchObject({ email: 'fixed@example.com' });
  });

  it('S28 does not adopt a session id from a planted cookie', async () => {
    const planted = Buffer.from(JSON.stringify({ jwt: 'planted', sid: 'planted', role: 'admin' })).toString(
      'base64',
    );
    const response = await service
      .api()
      .post('/api/users/signin')
      .set('Cookie', `session=${planted}`)
      .send({ email: 'known@example.com', password })
      .expect(200);
    const [, value = ''] = /^session=([^;]+)/.exec(response.get('Set-Cookie')?.[0] ?? '') ?? [];
    expect(Object.keys(JSON.parse(Buffer.from(value, 'base64').toString()) as object)).toEqual(['jwt']);
  });
});
