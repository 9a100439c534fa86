import { password, useService } from '../../test/service';

const service = useService({ publicUrl: new URL('https://ticketing.dev'), production: true });
const attributes = /^session=\w+; path=\/; .*samesite=lax.*; secure/;

describe('F5 where PUBLIC_URL is https, the session cookie', () => {
  it.each([undefined, 'http', 'https', 'HTTPS', 'http, https', 'wss', ''])(
    'is Secure, whatever X-Forwarded-Proto says: %s',
    async (protocol) => {
      const credentials = {
        email: `x${Buffer.from(String(protocol)).toString('hex')}@example.com`,
        password,
      };
      const headers = protocol === undefined ? {} : { 'X-Forwarded-Proto': protocol };
      const post = (path: string) => service.api().post(`/api/users${path}`).set(headers).send(credentials);
      const signup = await post('/signup').expect(201);
      const signin = await post('/signin').expect(200);
      for (const response of [signup, signin]) expect(response.get('Set-Cookie')?.[0]).toMatch(attributes);
      for (const response of [signup, signin])
        expect(response.get('Set-Cookie')?.[1]).toMatch(/^device=[\w-]+; .*; Path=\/api\/users; .*; Secure/);
      service.advance(600);
      const [cookie = ''] = signin.get('Set-Cookie') ?? [];
      const renewal = await service
        .api()
        .get('/api/users/currentuser')
        .set({ Cookie: cookie, ...headers });
      expect(renewal.get('Set-Cookie')?.[0]).toMatch(attributes);
      const signout = await post('/signout').set('Cookie', cookie).expect(200);
      expect(signout.get('Set-Cookie')?.[0]).toMatch(/^session=; path=\/; .*; secure/);
    },
  );
});
