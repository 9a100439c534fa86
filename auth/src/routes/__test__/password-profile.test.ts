import { password, useService } from '../../test/service';

const service = useService({ passwordProfile: 'strict' });
const email = 'strict@example.com';
const common = [{ message: 'Password is too common', field: 'password' }];

describe('PASSWORD_PROFILE=strict', () => {
  it('holds wherever a password is set', async () => {
    const secret = 'P@ssw0rd2024!';
    const signup = await service
      .api()
      .post('/api/users/signup')
      .send({ email, password: secret })
      .expect(400);
    expect(signup.body.errors).toEqual(common);

    const browser = await service.signedUp(email);
    const change = { currentPassword: password, password: secret };
    const changed = await browser.put('/api/users/me/password').send(change).expect(400);
    expect(changed.body.errors).toEqual(common);

    await service.api().post('/api/users/password-reset').send({ email }).expect(202);
    const token = await service.tokenTo(email, 'Reset');
    const confirm = (given: string) =>
      service.api().post('/api/users/password-reset/confirm').send({ token, password: given });
    expect((await confirm(secret).expect(400)).body.errors).toEqual(common);
    await confirm('another good password').expect(204);
  });

  it('lets in who has a password from before', async () => {
    const old = await service.users.build({ email: 'old@example.com', password: 'password' }).save();
    await service
      .api()
      .post('/api/users/signin')
      .send({ email: old.email, password: 'password' })
      .expect(200);
  });
});
