import { endpoints, member, type Caller } from '../test/endpoints';
import { password, useService } from '../test/service';

const service = useService();
type Browser = ReturnType<typeof service.browser>;

const ofCaller = (...callers: Caller[]) =>
  endpoints.flatMap(([method, path, caller]) =>
    callers.includes(caller) ? ([[method, path]] as const) : [],
  );
const withBody = endpoints.flatMap(([method, path, caller, body]) =>
  body ? ([[method, path, caller, body]] as const) : [],
);
const fields = withBody.flatMap(([method, path, caller, body]) =>
  Object.keys(body).map((field) => [method, path, field, caller, body] as const),
);

let browsers: Record<Caller, Browser>;
beforeAll(async () => {
  const [user, admin] = [await service.signedUp(member), await service.signedUpAdmin('admin@example.com')];
  browsers = { anyone: service.browser(), user, admin };
});
// What waits to be sent changes when it is.
beforeEach(() => service.mailSettled());

const operators = [{ $gt: '' }, { $ne: null }, { $regex: '.*' }, { $where: 'true' }, { $in: ['a', 'b'] }];
const wrongTypes = [{}, [], ['a', 'b'], [true], [0], null];
const otherThan: Record<string, unknown[]> = {
  number: ['0', true, -1, 0.5],
  boolean: ['true', 'false', 0, 1],
  string: [0, 12345678, true],
};

describe('of every endpoint of the contract', () => {
  it.each(ofCaller('user', 'admin'))('%s %s refuses with 401 who is not signed in', async (method, path) => {
    const response = await browsers.anyone[method](`/api/users${path}`).send({}).expect(401);
    expect(response.body).toEqual({ errors: [{ message: 'Not authorized' }] });
  });

  it.each(ofCaller('admin'))('%s %s refuses with 403 who is no admin', async (method, path) => {
    const response = await browsers.user[method](`/api/users${path}`).send({}).expect(403);
    expect(response.body).toEqual({ errors: [{ message: 'Forbidden' }] });
  });

  it.each(fields)(
    'S1 S2 S3 %s %s refuses every wrong type for %s with 400, and changes nothing',
    async (method, path, field, caller, body) => {
      const before = await service.everything();
      for (const value of [...operators, ...wrongTypes, ...(otherThan[typeof body[field]] ?? [])]) {
        const response = await browsers[caller][method](`/api/users${path}`).send({
          ...body,
          [field]: value,
        });
        expect({ value, status: response.status, ...response.body }).toEqual({
          ...{ value, status: 400 },
          errors: [{ message: expect.any(String), field }],
        });
        expect(response.get('Set-Cookie')).toBeUndefined();
      }
      expect(await service.everything()).toEqual(before);
    },
  );

  it.each(withBody)(
    'S7 S35 %s %s refuses other bodies and other sites',
    async (method, path, caller, body) => {
      const before = await service.everything();
      const ask = () => browsers[caller][method](`/api/users${path}`);
      await ask().type('text/plain').send(JSON.stringify(body)).expect(415);
      await ask()
        .send({ ...body, filler: 'x'.repeat(16 * 1024) })
        .expect(413);
      await ask().set('Origin', 'https://evil.example').send(body).expect(403);
      await ask().set('Sec-Fetch-Site', 'cross-site').send(body).expect(403);
      expect(await service.everything()).toEqual(before);
    },
  );

  it.each([...new Set(endpoints.map(([, path]) => path))])(
    'S8 %s refuses other methods with 405, and names its own',
    async (path) => {
      const own = endpoints.flatMap(([method, at]) => (at === path ? [method.toUpperCase()] : []));
      for (const method of (['get', 'post', 'put', 'patch', 'delete'] as const).filter(
        (other) => !own.includes(other.toUpperCase()),
      )) {
        const response = await browsers.admin[method](`/api/users${path}`).expect(405);
        expect(response.body).toEqual({ errors: [{ message: 'Method Not Allowed' }] });
        expect(
          response
            .get('Allow')
            ?.split(', ')
            .filter((allowed) => allowed !== 'HEAD')
            .sort(),
        ).toEqual(own.sort());
      }
    },
  );

  it('S5 sets of an account what it is for, whatever else a body names', async () => {
    const email = 'greedy@example.com';
    const browser = await service.signedUp(email);
    const before = await service.users.findOne({ email }).lean().orFail();
    const greedy = {
      ...{ role: 'admin', disabled: true, _id: '0'.repeat(24), id: '0'.repeat(24), version: 70 },
      ...{ generation: 70, createdAt: '2001-01-01T00:00:00Z', extra: 'x' },
    };
    const changed = { ...greedy, currentPassword: password, password };
    await browser.put('/api/users/me/password').send(changed).expect(204);
    const moving = { ...greedy, email: 'greedy-new@example.com', password };
    await browser.put('/api/users/me/email').send(moving).expect(202);
    await service.api().post('/api/users/password-reset').send({ email }).expect(202);
    const token = await service.tokenTo(email, 'Reset');
    const reset = { ...greedy, token, password };
    await service.api().post('/api/users/password-reset/confirm').send(reset).expect(204);
    expect(await service.users.findOne({ email }).lean()).toEqual({
      ...before,
      ...{ password: expect.any(String), emailVerified: true, updatedAt: expect.any(Date) },
      // Three changes, of which two ended sessions.
      ...{ version: 3, generation: 2 },
    });
  });
});
