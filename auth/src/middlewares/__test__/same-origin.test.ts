import { useService } from '../../test/service';

const frontEnd = 'http://localhost:5173';
const dev = useService({ publicUrl: new URL(frontEnd) });
const production = useService({ publicUrl: new URL('https://ticketing.dev'), production: true });

const signOut = (service: typeof dev, headers: Record<string, string>) =>
  service.api().post('/api/users/signout').set(headers);
const refusal = (sender: string) => ({
  errors: [
    {
      message: `${sender} may not send this request: only the origin of PUBLIC_URL may`,
      code: 'foreign_origin',
    },
  ],
});

describe('F8 a state-changing request', () => {
  it("is accepted from a development server's pages, once PUBLIC_URL names them", async () => {
    await signOut(dev, { Origin: frontEnd, 'Sec-Fetch-Site': 'same-origin' }).expect(200);
    await signOut(dev, { Origin: frontEnd, 'Sec-Fetch-Site': 'same-site' }).expect(200);
    await signOut(dev, { Origin: frontEnd, Host: 'auth-srv' }).expect(200);
  });

  it("is accepted outside production from the request's own host, over any scheme", async () => {
    await signOut(dev, { Origin: 'http://ticketing.test:8080', Host: 'ticketing.test:8080' }).expect(200);
    await signOut(dev, { Origin: 'https://ticketing.test', Host: 'ticketing.test' }).expect(200);
    await signOut(dev, { Origin: 'https://ticketing.test', Host: 'ticketing.test:8080' }).expect(403);
    await signOut(dev, { Origin: 'ftp://ticketing.test', Host: 'ticketing.test' }).expect(403);
  });

  it("is refused in production from the request's own host, if that is not the one of PUBLIC_URL", async () => {
    await signOut(production, { Origin: 'https://other.test', Host: 'other.test' }).expect(403);
    await signOut(production, { Origin: 'https://ticketing.dev', Host: 'auth-srv' }).expect(200);
    await signOut(production, { Origin: 'http://ticketing.dev', Host: 'ticketing.dev' }).expect(403);
  });

  it('is accepted with the origin null only if the browser says that it is of the same origin', async () => {
    for (const service of [dev, production]) {
      await signOut(service, { Origin: 'null', 'Sec-Fetch-Site': 'same-origin' }).expect(200);
      for (const site of ['same-site', 'cross-site', 'none', ''])
        await signOut(service, { Origin: 'null', 'Sec-Fetch-Site': site }).expect(
          403,
          refusal('The origin null'),
        );
      await signOut(service, { Origin: 'null' }).expect(403);
    }
  });

  it('is refused with the origin that was seen and the name of the setting', async () => {
    await signOut(production, { Origin: frontEnd }).expect(403, refusal(`The origin ${frontEnd}`));
    await signOut(production, { Origin: 'https://xn--mnchen-3ya.de' }).expect(
      403,
      refusal('The origin https://xn--mnchen-3ya.de'),
    );
    await signOut(production, { 'Sec-Fetch-Site': 'cross-site' }).expect(403, refusal('Another site'));
  });

  it.each([
    'https://evil.example/path',
    'https://user:pass@evil.example',
    'HTTPS://EVIL.EXAMPLE',
    '<script>alert(1)</script>',
    '"}],"forged":[{"',
    'https://evil.example\t',
    `https://${'e'.repeat(100)}.example`,
    'x'.repeat(8000),
    'javascript:alert(1)',
    'https://\xff',
  ])('is refused without repeating what is not an origin: %j', async (origin) => {
    const { body } = await signOut(production, { Origin: origin }).expect(403);
    expect([refusal('Another site'), refusal('The origin https://evil.example')]).toContainEqual(body);
  });
});
