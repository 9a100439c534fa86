import { useService } from '../../../test/service';

const service = useService();

describe('POST /api/users/signout', () => {
  it('returns 200 and clears the cookie', async () => {
    const browser = await service.signedUp('out@example.com');
    const response = await browser.post('/api/users/signout').send({}).expect(200);
    expect(response.body).toEqual({});
    expect(response.get('Set-Cookie')?.[0]).toMatch(
      /^session=; path=\/; expires=Thu, 01 Jan 1970 00:00:00 GMT; samesite=lax; httponly$/,
    );
    expect((await browser.get('/api/users/currentuser')).body).toEqual({ currentUser: null });
  });

  it('returns 200 without a body, even if nobody is signed in', async () => {
    await service.api().post('/api/users/signout').expect(200, {});
    await service.api().post('/api/users/signout').set('Cookie', 'session=garbage').expect(200, {});
  });

  it('S30 ends the session on the server, so a replayed cookie is refused', async () => {
    const signup = await service
      .api()
      .post('/api/users/signup')
      .send({ email: 'replay@example.com', password: 'a password to replay' });
    const cookie = signup.get('Set-Cookie')?.[0] ?? '';
    await service.api().post('/api/users/signout').set('Cookie', cookie).expect(200);
    await service
      .api()
      .get('/api/users/currentuser')
      .set('Cookie', cookie)
      .expect(200, { currentUser: null });
    await service.api().get('/api/users/sessions').set('Cookie', cookie).expect(401);
  });

  it('ends the session even if the JWT has expired', async () => {
    const browser = await service.signedUp('late@example.com');
    const user = await service.users.findOne({ email: 'late@example.com' }).orFail();
    service.advance(3600);
    await browser.post('/api/users/signout').expect(200);
    expect(await service.sessions.countDocuments({ user: user._id, endedAt: null })).toBe(0);
  });
});
