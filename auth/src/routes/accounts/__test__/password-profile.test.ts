import { password, useService } from '../../../test/service';

const service = useService({ passwordProfile: 'strict' });
const post = (path: string, body: object) => service.api().post(`/api/users${path}`).send(body);

describe('PASSWORD_PROFILE=strict', () => {
  it.each([
    ['common', 'P@ssw0rd2024!', 'password_common', 'Password is too common'],
    [
      'lovelace',
      'Lovelace-Example!',
      'password_made_of_address',
      'Password must not be made of your e-mail address or the name of the service',
    ],
    ['short', 'elevenchars', 'password_length', 'Password must be at least 12 characters'],
  ])(
    'refuses a weak password wherever one is set, and changes nothing: %s',
    async (name, secret, code, message) => {
      const email = `${name}@example.com`;
      const refused = { errors: [{ message, code, field: 'password' }] };
      await post('/signup', { email, password: secret }).expect(400, refused);

      const browser = await service.signedUp(email);
      const change = { currentPassword: password, password: secret };
      await browser.put('/api/users/me/password').send(change).expect(400, refused);

      await post('/password-reset', { email }).expect(202);
      const token = await service.tokenTo(email, 'Reset');
      await post('/password-reset/confirm', { token, password: secret }).expect(400, refused);
      await post('/password-reset/confirm', { token, password: 'another good password' }).expect(204);
    },
  );

  it('lets users with an older, weaker password sign in', async () => {
    const old = await service.users.build({ email: 'old@example.com', password: 'password' }).save();
    await post('/signin', { email: old.email, password: 'password' }).expect(200);
  });
});

describe('PASSWORD_PROFILE=strict with SIGNUP_MODE=verify-first', () => {
  const verifyFirst = useService({ passwordProfile: 'strict', signupMode: 'verify-first' });

  it('refuses a weak password before it writes a mail', async () => {
    const body = { email: 'careful@example.com', password: 'P@ssw0rd2024!' };
    await verifyFirst
      .api()
      .post('/api/users/signup')
      .send(body)
      .expect(400, {
        errors: [{ message: 'Password is too common', code: 'password_common', field: 'password' }],
      });
    expect(await verifyFirst.mails.countDocuments()).toBe(0);
  });
});
