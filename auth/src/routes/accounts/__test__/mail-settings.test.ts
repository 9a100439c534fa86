import { comparable } from '../../../test/responses';
import { password, useService } from '../../../test/service';

describe('REQUIRE_VERIFIED_EMAIL', () => {
  const service = useService({ requireVerifiedEmail: true });
  const signin = (email: string, secret = password) =>
    service.api().post('/api/users/signin').send({ email, password: secret });

  it('starts a session once the address is verified, but not at sign-up', async () => {
    const email = 'required@example.com';
    const signup = await service.api().post('/api/users/signup').send({ email, password }).expect(201);
    expect(signup.get('Set-Cookie')).toBeUndefined();
    const token = await service.tokenTo(email, 'Verify');
    await service.api().post('/api/users/email-verification/confirm').send({ token, password }).expect(200);
    await signin(email).expect(200);
  });

  it('tells a user with the right password that the address is not verified, and sends another link', async () => {
    const email = 'reminded@example.com';
    await service.signedUp(email);
    await service.mailTo(email, 'Verify');
    const response = await signin(email).expect(400);
    expect(response.body).toEqual({
      errors: [{ message: 'Email not verified', code: 'email_not_verified', field: 'email' }],
    });
    expect(response.get('Set-Cookie')).toBeUndefined();
    await service.mailTo(email, 'Verify');
  });

  it('S9 refuses unknown, disabled and deleted accounts and wrong passwords with identical responses', async () => {
    for (const name of ['unverified', 'disabled', 'deleted']) await service.signedUp(`${name}@example.com`);
    await service.users.updateOne({ email: 'disabled@example.com' }, { disabled: true });
    await service.users.deleteOne({ email: 'deleted@example.com' });
    const answers = await Promise.all([
      signin('unknown@example.com'),
      signin('unverified@example.com', 'wrong password'),
      signin('disabled@example.com', 'wrong password'),
      signin('disabled@example.com'),
      signin('deleted@example.com'),
    ]);
    const [first, ...rest] = answers.map(comparable);
    expect(first).toMatchObject({
      status: 400,
      body: { errors: [{ message: 'Invalid credentials', code: 'invalid_credentials' }] },
    });
    for (const answer of rest) expect(answer).toEqual(first);
  });
});

describe('a service without mail', () => {
  const service = useService({ mailing: 'off' });

  it('lets people sign up and change their passwords', async () => {
    const browser = await service.signedUp('mailless@example.com');
    const change = { currentPassword: password, password: 'another good password' };
    await browser.put('/api/users/me/password').send(change).expect(204);
    expect(await service.mails.countDocuments()).toBe(0);
  });

  it.each([
    ['post', '/api/users/email-verification'],
    ['post', '/api/users/email-verification/confirm'],
    ['post', '/api/users/email-verification/decline'],
    ['post', '/api/users/password-reset'],
    ['post', '/api/users/password-reset/confirm'],
    ['get', '/api/users/me/email'],
    ['put', '/api/users/me/email'],
  ] as const)('does not have the endpoint that needs mail: %s %s', async (method, path) => {
    await service.api()[method](path).send({ email: 'a@example.com' }).expect(404);
  });
});
